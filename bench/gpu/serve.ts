/**
 * What guidance costs behind a server with a GPU: as bench/serve.ts, with a random model of LLaMA-7B's shape. Nothing that such a model says
 * means anything, so the gate is one that guides a share of the steps at random, as many as the anchor's gate does; with an own context for
 * the reward model, and with a trunk that serves both.
 *
 *   npm run bench -- gpu/serve [--gpu vulkan] [--type 7b-q4_0] [--concurrent 1,2,4,8,16] [--trunks own,shared] [--tokens 48] [--guided 0.15]
 *     [--weight 0.6] [--rounds 5] [--seconds 20] [--out FILE]
 *
 * `--seconds`: after so long at one place no further round begins, as soon as there are two.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { defaultPrompts } from "../../src/bench/prompts.js";
import { plainCells } from "../../src/bench/report.js";
import { rotated } from "../../src/bench/rounds.js";
import { pairedRatio, summary } from "../../src/bench/summary.js";
import { table } from "../../src/cli/terminal/format.js";
import { agent } from "../../test/server/soak/http.js";
import { largeShape } from "../lib/large-shapes.js";
import { type Load, type Measured, measure } from "../serve/client.js";
import type { ServedRow } from "../serve/measure.js";
import { guidedModes, type Mode, PLAIN } from "../serve/modes.js";
import { servedTable } from "../serve/write.js";

const text = { type: "string" } as const;
const { values: flags } = parseArgs({
  options: {
    ...{ gpu: { ...text, default: "vulkan" }, type: { ...text, default: "7b-q4_0" }, concurrent: { ...text, default: "1,2,4,8,16" } },
    ...{ trunks: { ...text, default: "own,shared" }, tokens: { ...text, default: "48" }, guided: { ...text, default: "0.15" } },
    ...{ weight: { ...text, default: "0.6" }, rounds: { ...text, default: "5" }, seconds: { ...text, default: "20" }, out: text },
  },
});

/** Of a measurement: fewer would say little of a share of steps drawn at random. */
const LEAST_ANSWERS = 4;
/** Room for the prompts and the answers. */
const CONTEXT = 512;

const weight = Number(flags.weight);
const [guided] = guidedModes({ weight, entropy: 0 }) as [Mode, ...Mode[]];
const { gate: _, ...ungated } = guided.argsearch;
/** A request cannot ask for that gate: it is the decoder's own, which others name another instead of. */
const gated: Mode = { name: `gate random, ${100 * Number(flags.guided)} % guided`, argsearch: ungated };
const MODES = [PLAIN, guided, gated];

/** Requests so far. */
let asked = 0;
const prompts = (await defaultPrompts(64)).map((prompt) => (typeof prompt === "string" ? prompt : JSON.stringify(prompt)));
const path = largeShape(flags.type);
if (path === undefined) throw new Error(`there is no random model named ${flags.type}`);
const sections: { trunk: string; rows: ServedRow[] }[] = [];
for (const trunk of flags.trunks.split(",")) {
  const rows: ServedRow[] = [];
  for (const concurrent of flags.concurrent.split(",").map(Number)) rows.push(...(await measured(path, trunk, concurrent)));
  sections.push({ trunk, rows });
  if (flags.out) writeFileSync(flags.out, `${JSON.stringify({ flags, sections }, null, 1)}\n`);
}
agent.destroy();

async function measured(model: string, trunk: string, concurrent: number): Promise<ServedRow[]> {
  const { child, url } = await started({
    ...{ policy: model, reward: model, gpu: flags.gpu, slots: concurrent, contextSize: CONTEXT },
    ...{ shareTrunk: trunk === "shared", settings: { gate: { random: 1 - Number(flags.guided) } } },
  });
  try {
    const samples = new Map(MODES.map(({ name }) => [name, [] as Measured[]]));
    const end = performance.now() + 1000 * Number(flags.seconds);
    for (let round = -1; round < Number(flags.rounds) && (round < 2 || performance.now() < end); round++) {
      for (const mode of rotated(MODES, round + 1)) {
        const found = await measure(url, mode, loadOf(concurrent));
        if (round >= 0) samples.get(mode.name)?.push(found);
      }
    }
    const rows = MODES.map(({ name }) => rowOf(name, concurrent, samples));
    const cells = servedTable(rows);
    console.log(`\n${flags.type}, trunk: ${trunk}, rounds: ${samples.get(PLAIN.name)?.length}`);
    console.log(table([cells.head, ...cells.rows.map((row) => (typeof row === "string" ? [row] : plainCells(row)))]));
    return rows;
  } finally {
    await stopped(child);
  }
}

function rowOf(mode: string, concurrent: number, samples: ReadonlyMap<string, readonly Measured[]>): ServedRow {
  const speeds = (name: string): number[] => samples.get(name)?.map(({ tokensPerSecond }) => tokensPerSecond) ?? [];
  const own = samples.get(mode) ?? [];
  return {
    ...{ mode, concurrent, tokensPerSecond: summary(speeds(mode)) },
    share: mode === PLAIN.name ? null : pairedRatio(speeds(mode), speeds(PLAIN.name)),
    guided: summary(own.map((each) => each.guided)),
    firstMs: summary(own.flatMap(({ firstMs }) => firstMs)),
  };
}

/** Each begins with a number of its own, so that no cache has it. */
function loadOf(clients: number): Load {
  const prompt = (at: number): string => `${++asked}. ${prompts[at % prompts.length] ?? ""}`;
  const answers = Math.max(1, LEAST_ANSWERS / clients);
  return {
    clients,
    maxTokens: Number(flags.tokens),
    prompts: Array.from({ length: clients }, (_, client) => Array.from({ length: answers }, (__, at) => prompt(client * answers + at))),
  };
}

async function started(load: object): Promise<{ child: ChildProcess; url: string }> {
  const own = import.meta.url;
  // Beside this file, also where both were bundled.
  const program = fileURLToPath(new URL(`server${extname(own)}`, own));
  const child = fork(program, [JSON.stringify(load)], { execArgv: extname(own) === ".ts" ? ["--import", "tsx"] : [] });
  const said = await Promise.race([once(child, "message"), once(child, "exit").then(() => undefined)]);
  if (said === undefined) throw new Error("the server's process ended before it listened");
  return { child, url: (said[0] as { url: string }).url };
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.send("stop");
  await gone;
}
