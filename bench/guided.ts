/**
 * What guidance does to text: samplers, endings, weights, blocks and best-of-n side by side, on prompts that chose nothing. Hours on a CPU;
 * the same call goes on where it stopped. Prompts at the beginning of the data come first, so that --limit can only be made larger in
 * another directory.
 *
 *   npm run bench -- guided --policy P.gguf --reward R.gguf --data prompts.jsonl --out DIR [--format hh] [--limit 96] [--weights 0.1,0.3]
 *     [--embedding E.gguf] [--judge-reward J.gguf] [--slots 8] [--threads N]
 */
import { parseArgs } from "node:util";
import { type EvaluateOptions, evaluate, type MethodSpec, writeReport } from "../src/evaluate/index.js";

const { values: flags } = parseArgs({
  options: {
    policy: { type: "string" },
    reward: { type: "string" },
    data: { type: "string" },
    out: { type: "string" },
    format: { type: "string", default: "auto" },
    limit: { type: "string", default: "96" },
    weights: { type: "string", default: "0.1,0.2,0.3,0.4,0.5,0.6" },
    embedding: { type: "string" },
    "judge-reward": { type: "string" },
    slots: { type: "string", default: "8" },
    threads: { type: "string" },
  },
});

const { policy, reward, data, out } = flags;
if (!policy || !reward || !data || !out) throw new Error("--policy, --reward, --data and --out are needed");

/** No loops, and the policy decides when to end. */
const STEADY = { dryMultiplier: 0.8, ending: "policy" } as const;
/** Drafts of blocks and of best-of-n are drawn alike, and cost four policy tokens a token. */
const DRAWN = { ...STEADY, topK: 40, topP: 0.95, temperature: 0.8, drafts: 4 } as const;

const GREEDY = { name: "greedy", ...STEADY };
const WEIGHTED: MethodSpec[] = [GREEDY, { name: "args-greedy", ...STEADY }];
const OTHERS = [
  { name: "greedy, no samplers", method: "greedy" },
  { name: "ARGS as in the paper, w = 0.6", method: "args", weight: 0.6 },
  { name: "blocks, 4 drafts of 16", method: "blocks", block: 16, ...DRAWN },
  { name: "best of 4", method: "sample", ...DRAWN },
  { name: "ARGS with DRY alone, w = 0.6", method: "args", weight: 0.6, dryMultiplier: 0.8 },
] satisfies MethodSpec[];

const common: EvaluateOptions = {
  ...{ policy, reward, data, out, limit: Number(flags.limit), slots: Number(flags.slots) },
  ...{ embedding: flags.embedding, judgeReward: flags["judge-reward"] },
  ...(flags.threads !== undefined && { threads: Number(flags.threads) }),
  format: flags.format as NonNullable<EvaluateOptions["format"]>,
  onProgress: ({ stage, done, total, secondsLeft }) => {
    const left = secondsLeft === null ? "" : `, ${Math.ceil(secondsLeft / 60)} min left`;
    process.stderr.write(`\r\x1b[K${stage}: ${done} of ${total}${left}`);
  },
};
await evaluate({ ...common, methods: WEIGHTED, sweep: { weight: flags.weights.split(",").map(Number) } });
const judge = flags["judge-reward"];
const { methods } = await evaluate({
  ...common,
  methods: [GREEDY, ...OTHERS],
  // Drafts have samplers of their own: by default they would be held against greedy decoding without any.
  judgeReward: judge && { reward: judge, pairs: OTHERS.map(({ name }) => [name, GREEDY.name]) },
});
process.stderr.write("\n");
console.table(
  Object.fromEntries(
    Object.entries(methods).map(([name, measures]) => {
      return [name, Object.fromEntries(Object.entries(measures).map(([measure, { mean }]) => [measure, Number(mean.toFixed(3))]))];
    }),
  ),
);
const files = await writeReport(out, { command: `npm run bench -- guided ${process.argv.slice(2).join(" ")}` });
console.log(files);
