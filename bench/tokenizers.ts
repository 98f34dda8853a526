/**
 * What does cutting each token apart cost, where policy and reward model have different tokenizers? Prompts are decoded with the candidates of every
 * step; then the whole text with each candidate is given to score(), which cuts it anew, and the choice is made again by those rewards. A step differs
 * where another candidate wins. Reward models that are not F32 round by the shape of a batch: with two models of one tokenizer the same
 * comparison tells how many steps that alone changes.
 *
 *   npm run bench -- tokenizers --policy P.gguf --reward R.gguf [--data prompts.jsonl] [--limit 20] [--max-tokens 48] [--top-k 10] [--weight 0.6]
 *     [--threads N] [--json]
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { type Candidate, type Decoder, load, loadReward, type Prompt, type RewardModel, readPrompts, type Step } from "../src/index.js";
import { Utf8Stream } from "../src/model/text-decoder.js";
import { packageRoot } from "../src/package-root.js";
import { quantile } from "./lib/steps.js";

const { values: flags } = parseArgs({
  options: {
    policy: { type: "string" },
    reward: { type: "string" },
    data: { type: "string", default: join(packageRoot, "models", "held-out-prompts.jsonl") },
    limit: { type: "string", default: "20" },
    "max-tokens": { type: "string", default: "48" },
    "top-k": { type: "string", default: "10" },
    weight: { type: "string", default: "0.6" },
    threads: { type: "string" },
    json: { type: "boolean", default: false },
  },
});

/** One step beside the same with the whole text cut anew. */
interface Compared {
  differs: boolean;
  /** In score, by how much the winner of the whole texts leads there over what was taken; 0 where it was taken. */
  lead: number;
  /** Of each candidate, the reward read apart less that of the whole text. */
  errors: number[];
  waits: boolean;
  /** Milliseconds of the step, and of rating its whole texts. */
  apartMs: number;
  wholeMs: number;
}

const weight = Number(flags.weight);
const missing = [flags.policy, flags.reward, flags.data].filter((path) => path === undefined || !existsSync(path));
if (missing.length > 0) {
  console.error(
    `--policy and --reward name two GGUF files, --data prompts; not there: ${missing.map((path) => path ?? "(not given)").join(", ")}`,
  );
  process.exit(2);
}
const common = { tokenizers: "any", ...(flags.threads !== undefined && { threads: Number(flags.threads) }) } as const;
await using decoder = await load({ policy: flags.policy, reward: flags.reward as string, ...common });
await using judge = await loadReward({ reward: flags.reward as string, ...common });
const compared: Compared[] = [];
let prompts = 0;
for await (const { value } of readPrompts(flags.data)) {
  compared.push(...(await compare(decoder, judge, value)));
  const differing = compared.filter(({ differs }) => differs).length;
  process.stderr.write(`\r\x1b[K${++prompts} prompts, ${compared.length} steps, of which ${differing} choose another candidate`);
  if (prompts === Number(flags.limit)) break;
}
process.stderr.write("\n");
report(compared);

async function compare(policy: Decoder, reward: RewardModel, prompt: Prompt): Promise<Compared[]> {
  const found: Compared[] = [];
  const options = { topK: Number(flags["top-k"]), maxTokens: Number(flags["max-tokens"]), weight, seed: 1, candidates: true };
  const utf8 = new Utf8Stream();
  let response = "";
  let last = performance.now();
  for await (const step of policy.stream(prompt, options)) {
    const apartMs = performance.now() - last;
    const candidates = step.candidates ?? [];
    const pieces = await policy.pieces(candidates.map(({ token }) => token));
    const texts = pieces.map((bytes) => response + utf8.peek(bytes));
    const started = performance.now();
    const rewards = await wholeRewards(reward, prompt, candidates, texts);
    // What writes nothing is a control token: among candidates that is an end.
    const ends = pieces.map(({ length }) => length === 0);
    found.push({ ...choice(step, candidates, rewards, ends), apartMs, wholeMs: performance.now() - started });
    const [own] = await policy.pieces([step.token]);
    if (own !== undefined) response += utf8.push(own);
    last = performance.now();
  }
  return found.slice(1); // the first has the prompt in it
}

/** Of each text anew; a text that is empty so far keeps the reward that it had. */
async function wholeRewards(
  reward: RewardModel,
  prompt: Prompt,
  candidates: readonly Candidate[],
  texts: readonly string[],
): Promise<number[]> {
  const distinct = [...new Set(texts)].filter((text) => text !== "");
  const scored = await reward.score(distinct.map((response) => ({ prompt, response })));
  const byText = new Map(distinct.map((text, index) => [text, scored[index]?.reward ?? Number.NaN]));
  return candidates.map((candidate, index) => byText.get(texts[index] ?? "") ?? candidate.reward ?? Number.NaN);
}

/** The policy decides about ends, as by default: they count as the best of the others. */
function choice(
  step: Step,
  candidates: readonly Candidate[],
  rewards: readonly number[],
  ends: readonly boolean[],
): Omit<Compared, "apartMs" | "wholeMs"> {
  const best = Math.max(...rewards.filter((_, index) => !ends[index]));
  const scores = candidates.map(
    ({ logProb }, index) => (1 - weight) * logProb + weight * (ends[index] ? best : (rewards[index] ?? Number.NaN)),
  );
  const winner = scores.indexOf(Math.max(...scores));
  const taken = candidates.findIndex(({ token }) => token === step.token);
  const errors = candidates.flatMap(({ reward }, index) =>
    ends[index] ? [] : [Math.abs((reward ?? Number.NaN) - (rewards[index] ?? Number.NaN))],
  );
  return { differs: winner !== taken, lead: (scores[winner] ?? 0) - (scores[taken] ?? 0), errors, waits: step.waits === true };
}

function report(steps: readonly Compared[]): void {
  const errors = steps.flatMap((step) => step.errors);
  const leads = steps.filter(({ differs }) => differs).map(({ lead }) => lead);
  const result = {
    policy: flags.policy,
    reward: flags.reward,
    prompts,
    steps: steps.length,
    /** Share of the steps. */
    differs: leads.length / steps.length,
    waits: steps.filter(({ waits }) => waits).length / steps.length,
    medianLead: quantile(leads, 0.5),
    meanError: errors.reduce((sum, error) => sum + error, 0) / errors.length,
    errorP90: quantile(errors, 0.9),
    apartMs: quantile(
      steps.map(({ apartMs }) => apartMs),
      0.5,
    ),
    wholeMs: quantile(
      steps.map(({ wholeMs }) => wholeMs),
      0.5,
    ),
  };
  if (flags.json) {
    console.log(JSON.stringify(result, null, 2));
    return;
  }
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  console.log(
    `${result.steps} steps of ${prompts} prompts: ${percent(result.differs)} choose another candidate than by the whole text (median lead ${result.medianLead.toFixed(3)})`,
  );
  console.log(
    `rewards apart and whole differ by ${result.meanError.toFixed(3)} on average, 90 % by less than ${result.errorP90.toFixed(3)}`,
  );
  console.log(`${percent(result.waits)} of the steps wait for the rest of a character`);
  console.log(`a step takes ${result.apartMs.toFixed(1)} ms; rating its whole texts anew ${result.wholeMs.toFixed(1)} ms more`);
}
