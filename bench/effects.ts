/**
 * What do the kinds of rewards do to text? Each guides beside plain decoding, on prompts that chose nothing, and something that it is not
 * made of judges. The same call goes on where it stopped.
 *
 *   npm run bench -- effects contrast --out DIR
 *   npm run bench -- effects question --policy P.gguf --data prompts.jsonl --judge R.gguf --out DIR [--ask "Is the reply polite?"]
 *   npm run bench -- effects tokenizers --policy P.gguf --reward G.gguf --data prompts.jsonl --judge R.gguf --out DIR
 *     [--limit 200] [--slots 4] [--threads N] [--embedding E.gguf] [--max-tokens N]
 *
 * contrast: the embedded policy, and the one tuned on plans (training/tune_embedded.py); the embedded reward model is beside them as a head,
 * and judges. question: the policy judges its own drafts. tokenizers: G.gguf is a head on a trunk with another vocabulary. --judge: a head
 * on another trunk, or fitted on other data.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type EvaluationResults, evaluate, type MethodResult, writeReport } from "../src/evaluate/index.js";
import { STUDIES } from "./effects/studies.js";

const text = { type: "string" } as const;
const { values: flags, positionals } = parseArgs({
  options: {
    ...{ policy: text, reward: text, judge: text, data: text, out: text, embedding: text, threads: text, "max-tokens": text },
    ...{ limit: { ...text, default: "200" }, slots: { ...text, default: "4" } },
    ask: { ...text, default: "Is the assistant's last reply polite, helpful and harmless?" },
  },
  allowPositionals: true,
});

const MEASURES = ["reward", "judgeReward", "ownEquipment", "diversity", "loops", "ended", "coherence", "perplexity", "length"];
const COMPARED = ["reward", "judgeReward"];

const [name = ""] = positionals;
const studies = STUDIES[name];
if (studies === undefined || flags.out === undefined)
  throw new Error(`${Object.keys(STUDIES).join(", ")}: one of them and --out are needed`);
for (const study of studies({ ...flags, question: flags.ask })) {
  const out = join(flags.out, study.name);
  const results = await evaluate({
    ...study.options,
    ...{ out, limit: Number(flags.limit), slots: Number(flags.slots), embedding: flags.embedding, gpu: false },
    ...(flags.threads !== undefined && { threads: Number(flags.threads) }),
    ...(flags["max-tokens"] !== undefined && { maxTokens: Number(flags["max-tokens"]) }),
    onProgress: ({ stage, done, total, secondsLeft }) => {
      const left = secondsLeft === null ? "" : `, ${Math.ceil(secondsLeft / 60)} min left`;
      process.stderr.write(`\r\x1b[K${study.name}: ${stage}: ${done} of ${total}${left}`);
    },
  });
  process.stderr.write("\n");
  await writeReport(out, { command: `npm run bench -- effects ${process.argv.slice(2).join(" ")}` });
  console.log(`\n${study.name}\n\n${means(results)}\n${differences(results)}`);
}

/** A table in Markdown. */
function means({ methods }: EvaluationResults): string {
  const found = MEASURES.filter((measure) => Object.values(methods).some((method) => method[measure]));
  const row = ([method, values]: [string, MethodResult]): string[] => [method, ...found.map((measure) => cell(values[measure]))];
  const rows = [["method", ...found], ["---", ...found.map(() => "---")], ...Object.entries(methods).map(row)];
  return rows.map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}

function cell(estimate: MethodResult[string] | undefined): string {
  if (estimate === undefined) return "";
  const [mean, low, high] = [estimate.mean, estimate.low, estimate.high].map((value) => value.toFixed(3));
  return `${mean} [${low}, ${high}]`;
}

function differences({ comparisons, judgeReward }: EvaluationResults): string {
  const against = comparisons.filter(({ metric, b }) => COMPARED.includes(metric) && (b === "greedy" || b === "sample"));
  const lines = against.map(({ metric, a, b, mean, low, high, p }) => {
    return `${a} less ${b}: ${metric} ${mean.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}], p ${p.toFixed(4)}`;
  });
  const wins = (judgeReward ?? []).flatMap(({ method, baseline, winTie }) => {
    if (winTie === null) return [];
    const [mean, low, high] = [winTie.mean, winTie.low, winTie.high].map((share) => (100 * share).toFixed(1));
    return [`${method} against ${baseline}: the judge's wins and ties ${mean} % [${low}, ${high}]`];
  });
  return [...lines, ...wins].join("\n");
}
