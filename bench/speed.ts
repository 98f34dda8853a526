/**
 * ARGS against what people would use instead, in one run: plain decoding, argsearch in each of its modes, llama.cpp by hand, node-llama-cpp's
 * public API, transformers with both caches. Same prompts, same tokens, side by side in rounds; medians and quartiles. A star around the
 * first value of each axis; half an hour on two quiet cores.
 *
 *   npm run bench -- [--types q4_0,f16,q8_0] [--prefix 200,1000,4000] [--k 10,1,5,40] [--slots 1,4,8,16] [--grid] [--tokens 16] [--rounds 7]
 *     [--threads 2] [--modes exact,shared] [--without raw,transformers,node-llama-cpp] [--no-amx] [--install] [--out DIR] [--docs NAME]
 *     [--gpu vulkan] [--policy P.gguf --reward R.gguf [--prompts prompts.jsonl]]
 *
 * --types 7b-q4_0 is a random model of LLaMA-7B's shape, for a GPU: --gpu. There torch uses CUDA, and the rivals that use processors are left
 * out. Gates need models that were trained: random ones say nothing of them. --install fetches node-llama-cpp into .cache/bench, where
 * it is no dependency. --docs writes docs/results/NAME and the part NAME of docs/benchmarks.md.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { describeMachine } from "../src/bench/machine.js";
import { measurePoint } from "../src/bench/measure-point.js";
import { MODES } from "../src/bench/modes.js";
import { resolveSpeed, type SpeedOptions } from "../src/bench/options.js";
import { Watch } from "../src/bench/quiet.js";
import { leftOutLines, machineText, plainCells, quietText, speedTable } from "../src/bench/report.js";
import { placeTitle, type Section } from "../src/bench/section.js";
import { table } from "../src/cli/terminal/format.js";
import { openEngine } from "../src/engine/engine.js";
import { defaultThreads } from "../src/engine/threads.js";
import { devices, type Gpu, type Prompt, readPrompts } from "../src/index.js";
import { packageRoot } from "../src/package-root.js";
import { largeShape } from "./lib/large-shapes.js";
import { shape135m } from "./lib/shape-135m.js";
import { openWithoutAmx } from "./speed/no-amx.js";
import { installNodeLlamaCpp } from "./speed/node-llama-cpp.js";
import { OUTSIDERS, outsidersFor, whyNot } from "./speed/outsiders.js";
import { type Axes, grid, type Place, star } from "./speed/places.js";
import { type MeasuredPlace, ratiosOf } from "./speed/ratios.js";
import { ratioRows, type SpeedRun, writeDocs, writeRun } from "./speed/write.js";

type Measured = MeasuredPlace & Pick<Section, "leftOut">;

const text = { type: "string" } as const;
const { values: flags } = parseArgs({
  options: {
    ...{
      types: { ...text, default: "q4_0,f16,q8_0" },
      prefix: { ...text, default: "200,1000,4000" },
      k: { ...text, default: "10,1,5,40" },
    },
    ...{ slots: { ...text, default: "1,4,8,16" }, grid: { type: "boolean" }, tokens: { ...text, default: "16" } },
    ...{ rounds: { ...text, default: "7" }, threads: text, modes: text, without: { ...text, default: "" } },
    ...{ "no-amx": { type: "boolean" }, install: { type: "boolean" }, out: text, docs: text },
    ...{ policy: text, reward: text, prompts: text, gpu: text },
  },
});

/** What random models decode: nothing that they say means anything, so one prompt does. */
const RANDOM: Pick<SpeedOptions, "prompts" | "template" | "settings"> = {
  prompts: ["Which of these would you take along?"],
  template: "none",
  settings: { dryMultiplier: 0 },
};

/** So many prompts of a file. */
const PROMPTS = 8;

if (flags.install) installNodeLlamaCpp();
const gpu = (flags.gpu ?? false) as Gpu;
const engineDir = flags["no-amx"] ? openWithoutAmx() : openEngine({ engineDir: undefined, gpu }).dir;
const given = flags.policy !== undefined && flags.reward !== undefined;
const threads = flags.threads === undefined ? defaultThreads(Number.POSITIVE_INFINITY) : Number(flags.threads);
const without = flags.without.split(",");
const outsiders = OUTSIDERS.filter((name) => !without.includes(name) && (gpu === false || name === "transformers"));
const absent = outsiders.flatMap((name) => whyNot(name) ?? []);
for (const reason of absent) process.stderr.write(`left out: ${reason}\n`);

const watch = await Watch.start();
const measured: Measured[] = [];
for (const place of places()) measured.push(await measure(place));
const run: SpeedRun = {
  command: `npm run bench -- ${process.argv.slice(2).join(" ")}`.replace(/ -- $/, ""),
  machine: describeMachine(openEngine({ engineDir: undefined, gpu })),
  quiet: await watch.end(),
  how: `${device()}${given ? "Given models" : "Random models"}, threads: ${threads}, ${flags.tokens} tokens a response; medians of ${flags.rounds} rounds with quartiles, all contenders of a place side by side in each.`,
  notes: [
    ...(flags["no-amx"] ? ["Without AMX: the engine's kernels that use it were left away (node-llama-cpp and torch have them)."] : []),
    ...absent.map((reason) => `Left out: ${reason}.`),
  ],
  sections: measured.map(({ place, rows, leftOut }) => ({ place: { ...place }, rows, leftOut })),
  ratios: ratiosOf(measured),
};
await writeRun(
  flags.docs ? join(packageRoot, "docs", "results", flags.docs) : (flags.out ?? join(packageRoot, ".cache", "bench", "speed")),
  run,
);
if (flags.docs) writeDocs(flags.docs, run);
console.log(`\n${machineText(run.machine)}\n${quietText(run.quiet)}\n`);
console.log(table([["", "where", "ratio", "goal", "reached"], ...ratioRows(run.ratios).map(plainCells)]));

/** The GPUs' names, as a sentence. */
function device(): string {
  if (gpu === false) return "";
  const names = devices({ gpu }).flatMap(({ type, backend, description }) => (type === "cpu" ? [] : [`${description} (${backend})`]));
  return `${names.join(", ")}. `;
}

function places(): Place[] {
  const numbers = (list: string): number[] => list.split(",").map(Number);
  const type = given ? ["files"] : flags.types.split(",");
  const axes: Axes = { type, prefix: numbers(flags.prefix), topK: numbers(flags.k), slots: numbers(flags.slots) };
  return flags.grid ? grid(axes) : star(axes);
}

async function measure(place: Place): Promise<Measured> {
  const resolved = await resolveSpeed(await optionsFor(place));
  const [point = { topK: place.topK, slots: place.slots, prefix: place.prefix }] = resolved.points;
  const title = placeTitle({ ...place });
  const rivals = outsidersFor(outsiders, place, { engineDir, threads, template: resolved.template, gpu: gpu !== false });
  const progress = (done: number, total: number, name: string): void => {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${title}: ${done} of ${total}, ${name}`);
  };
  const { rows, leftOut } = await measurePoint(resolved, point, progress, rivals.start).finally(rivals.close);
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
  const { head, rows: cells } = speedTable(rows);
  console.log(`\n${title}`);
  console.log(table([head, ...cells.map(plainCells)]));
  for (const line of leftOutLines(leftOut)) console.log(`without ${line}`);
  return { place, rows, leftOut };
}

async function optionsFor({ type, prefix, topK, slots }: Place): Promise<SpeedOptions> {
  const { policy, reward } = given ? flags : await randomPair(type);
  const able = MODES.filter(({ needsTrained }) => given || !needsTrained).map(({ name }) => name);
  return {
    ...{ policy, reward, threads, topK, slots, prefix, gpu, maxTokens: Number(flags.tokens), rounds: Number(flags.rounds) },
    ...(given ? { prompts: flags.prompts === undefined ? undefined : await promptsOf(flags.prompts) } : RANDOM),
    modes: flags.modes?.split(",") ?? able,
  };
}

async function randomPair(type: string): Promise<{ policy: string; reward: string }> {
  const path = largeShape(type) ?? (await shape135m(type));
  return { policy: path, reward: path };
}

async function promptsOf(file: string): Promise<Prompt[]> {
  const found: Prompt[] = [];
  for await (const { value } of readPrompts(file)) {
    found.push(value);
    if (found.length === PROMPTS) break;
  }
  return found;
}
