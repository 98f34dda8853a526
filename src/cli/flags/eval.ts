/** The flags of eval, and the options of evaluate() they stand for. */
import { type Command, InvalidArgumentError, Option } from "commander";
import {
  type EvaluateOptions,
  type JudgeOptions,
  type JudgeRewardOptions,
  METHOD_NAMES,
  type ModelPair,
  parseSweep,
  type Sweep,
} from "../../evaluate/index.js";
import { ArgsearchError, type DecodingSettings, type RewardTerm } from "../../index.js";
import { addAskedFlags, asked, askTerms, type Question } from "./ask.js";
import {
  addIsolateFlag,
  addModelFlags,
  endingFlag,
  type IsolateFlag,
  type ModelFlags,
  modelOptions,
  policyDeviceFlag,
  settingsFlag,
  shardFlag,
  tokenizersFlag,
} from "./flags.js";
import { gateFlag } from "./gate.js";
import { type MethodFlags, methodsOf } from "./methods.js";
import { addRewardKindFlags, type RewardKindFlags, withKinds } from "./reward-kind.js";
import { addSamplerFlags } from "./samplers.js";
import {
  addRewardTemplateFlag,
  addTemplateFlags,
  type RewardTemplateFlags,
  rewardAtFlag,
  type TemplateFlags,
  templateOptions,
  withTemplates,
} from "./templates.js";
import { ESCAPES, escapedTexts, integer, list, milliseconds, number, rewardTerm } from "./values.js";

/** Of the data's lines. */
export type DataFormat = (typeof FORMATS)[number];

const FORMATS = ["auto", "hh", "shp", "prompts", "prompt", "messages", "conversation"] as const;

const SWEEP = "methods at every combination of settings they take: weight=0,0.2,…,1 topK=5,10,20 dryMultiplier=0,0.8; any that is a number";

/** Of what generate has another default for. */
const AS_IN_THE_PAPER = "as in the paper, for every method";

/** Where results go without --out. */
const DEFAULT_OUT = "argsearch-eval";

export interface EvalFlags
  extends ModelFlags,
    IsolateFlag,
    TemplateFlags,
    RewardTemplateFlags,
    RewardKindFlags,
    MethodFlags,
    Pick<EvaluateOptions, "limit" | "maxTokens" | "stop" | "seed" | "slots" | "shard" | "rewardAt" | "tokenizers"> {
  policy?: string[];
  reward?: RewardOfPolicy[];
  ask?: AskOfPolicy[];
  askModel?: string;
  askUrl?: string;
  data: string;
  format?: DataFormat;
  settings?: string;
  sweep?: Sweep;
  metric?: string[];
  embedding?: string;
  pooling?: EvaluateOptions["pooling"];
  out?: string;
  examples?: number[];
  report: boolean;
  json?: boolean;
  judgeReward?: string;
  judgeUrl?: string;
  judgeModel?: string;
  judgePair?: [string, string][];
  judgeConcurrency?: number;
  judgeRetries?: number;
  judgeTimeout?: number;
  judgeMaxTokens?: number;
  judgePrice?: { input: number; output: number };
  judgeEstimate?: boolean;
}

/** A reward model with the place of the policy it guides. */
interface RewardOfPolicy {
  policy: number;
  term: RewardTerm;
}

/** A question with the place of the policy whose replies it is about. */
interface AskOfPolicy {
  policy: number;
  ask: Question[];
}

export function addEvalFlags(command: Command): void {
  command
    .requiredOption("-d, --data <file>", "JSON lines, plain or in gzip: preference pairs or prompts")
    .addOption(dataFormatFlag())
    .option("--limit <n>", "at most so many prompts, from the first", integer)
    .addOption(shardFlag("the prompts"))
    .option("-o, --out <dir>", `where everything goes (default: ${DEFAULT_OUT})`)
    .option("--json", "print results.json instead of a table")
    .option("--no-report", "write no report.html and report.md")
    .option(
      "--metric <file>",
      "measure of your own: a module whose default export is { name, measure }, or an array of such; repeatable",
      list,
    )
    .option("--examples <list>", "prompts shown in the report, by their place in the data, from 0", places);
  command
    .optionsGroup("Models:")
    .option("-m, --policy <file>", "policy, a file or hf:OWNER/REPO:QUANT (default: the embedded pair); repeat to compare models", list)
    .option(
      "-r, --reward <file[=weight]>",
      "reward model of the --policy before it; repeat for a weighted sum",
      (text: string, previous?: RewardOfPolicy[]) => rewardOfPolicy(command, text, previous),
    );
  const place = (): number => Math.max(0, (command.opts<EvalFlags>().reward?.length ?? 0) - 1);
  addRewardKindFlags(command, place);
  addRewardTemplateFlag(command, place);
  command.option(
    "--ask <question[=weight]>",
    "reward in plain words for the --policy before it: how likely yes is; repeatable",
    (text: string, previous?: AskOfPolicy[]) => [...(previous ?? []), { policy: policyPlace(command), ask: asked(text) }],
  );
  addAskedFlags(command);
  command.addOption(tokenizersFlag());
  addEmbeddingFlags(command);
  command.addOption(policyDeviceFlag());
  command
    .optionsGroup("Methods:")
    .addOption(settingsFlag("of guided methods, as `argsearch tune` writes them, their samplers of all; flags go before them"))
    .option("--methods <names...>", `of ${METHOD_NAMES.join(", ")} (default: all; blocks only where --settings are theirs)`, methodNames)
    .option("-k, --top-k <n>", "candidates of ARGS (default: 10)", integer)
    .option("-w, --weight <w>", "weight of the reward in ARGS (default: 0.6)", number)
    .option("-t, --temperature <t>", "of every draw (default: 0.7)", number)
    .option("--best-of <n>", "drafts of best-of-n (default: 10)", integer)
    .option("--sweep <name=values...>", SWEEP, sweep)
    .addOption(endingFlag(`reward, ${AS_IN_THE_PAPER}`))
    .addOption(gateFlag())
    .option("-n, --max-tokens <n>", "longest response (default: 128)", integer)
    .option("--stop <text>", `text that ends a response; repeatable; ${ESCAPES}`, escapedTexts)
    .option("-s, --seed <n>", "of every draw and resampling (default: 0)", integer)
    .option("--slots <n>", "prompts decoded at once (default: 4)", integer);
  command.addOption(rewardAtFlag());
  addTemplateFlags(command, "the policies");
  addSamplerFlags(command, `0 = off, ${AS_IN_THE_PAPER}`);
  command
    .optionsGroup("Judges (key of an endpoint in OPENAI_API_KEY):")
    .option("--judge-reward <file>", "reward model that rates every answer, best on another trunk: no endpoint is needed")
    .option("--judge-url <url>", "OpenAI-compatible endpoint, for example http://localhost:8080/v1")
    .option("--judge-model <name>", "its name of the model")
    .option(
      "--judge-pair <a:b>",
      "compare method a with method b; repeatable (default: guided methods, of --judge-reward all, with greedy)",
      judgePair,
    )
    .option("--judge-concurrency <n>", "requests at once (default: 4)", integer)
    .option("--judge-retries <n>", "tries again after 429, 5xx or a broken connection (default: 5)", integer)
    .option("--judge-timeout <seconds>", "until an answer counts as lost (default: 60)", number)
    .option("--judge-max-tokens <n>", "longest verdict, tokens (default: 512); one that thinks gets more", integer)
    .option("--judge-price <in,out>", "price of a million tokens in and out, for the estimate", judgePrice)
    .option("--judge-estimate", "only estimate what judging would take");
  addModelFlags(command);
  addIsolateFlag(command);
}

export function dataFormatFlag(): Option {
  return new Option(`--format <${FORMATS.join("|")}>`, "of the data (default: each line by its fields)").choices(FORMATS);
}

export function addEmbeddingFlags(command: Command): void {
  const pooling = ["auto", "mean", "cls", "last"];
  command
    .option("--embedding <file>", "sentence embeddings (BERT and its like): adds coherence")
    .addOption(new Option(`--pooling <${pooling.join("|")}>`, "of the embedding model (default: as its file says)").choices(pooling));
}

/** @param settings of `--settings` @throws ArgsearchError OPTION_INVALID */
export function evaluateOptions(flags: EvalFlags, settings: DecodingSettings = {}): EvaluateOptions & { out: string } {
  const {
    data,
    format,
    limit,
    sweep,
    embedding,
    pooling,
    out = DEFAULT_OUT,
    maxTokens,
    stop,
    seed,
    slots,
    shard,
    rewardAt,
    isolate,
    tokenizers,
  } = flags;
  const { onProgress: _loading, ...model } = modelOptions(flags);
  return {
    ...model,
    ...modelsOf(flags),
    ...templateOptions(flags),
    ...{ data, format, limit, sweep, embedding, pooling, out, maxTokens, stop, seed, slots, shard, rewardAt, isolate, tokenizers },
    methods: methodsOf(flags, settings),
    judge: judgeOf(flags),
    judgeReward: judgeRewardOf(flags),
  };
}

export function reportExamples({ examples }: Pick<EvalFlags, "examples">): number[] | undefined {
  return examples;
}

export function modelsOf(flags: EvalFlags): Pick<EvaluateOptions, "policy" | "reward" | "pairs" | "chatTemplate"> {
  const { policy = [], reward = [], ask = [], askModel, askUrl, template } = flags;
  const files = withTemplates(withKinds(reward.length > 0 ? reward.map(({ term }) => term) : undefined, flags), flags);
  const asks = askTerms({ ask: ask.flatMap((each) => each.ask), askModel, askUrl });
  const terms = asks.length > 0 ? [...(files ?? []), ...asks] : files;
  const owners = [...reward, ...ask];
  const rewardOf = (place: number): RewardTerm[] => (terms ?? []).filter((_, index) => owners[index]?.policy === place);
  const chatTemplate = template?.text;
  if (policy.length < 2) return { policy: policy[0], chatTemplate, reward: terms && rewardOf(0) };
  const pairs = policy.map((path, place): ModelPair => {
    return { policy: path, chatTemplate, reward: rewardOf(place).length > 0 ? rewardOf(place) : null };
  });
  return { pairs };
}

function judgeOf(flags: EvalFlags): JudgeOptions | undefined {
  const { judgeUrl, judgeModel, judgePair: pairs, judgeConcurrency, judgeRetries, judgeTimeout, judgeMaxTokens, judgePrice: price } = flags;
  // Beside a reward model that judges, --judge-pair may be meant for that one alone.
  const others = flags.judgeReward === undefined ? [] : ["judgeReward", "judgePair"];
  const given = Object.entries(flags).some(([name, value]) => name.startsWith("judge") && !others.includes(name) && value !== undefined);
  if (!given) return undefined;
  if (judgeUrl === undefined || judgeModel === undefined) {
    throw new ArgsearchError("OPTION_INVALID", "a judge needs both --judge-url and --judge-model");
  }
  const timeout = milliseconds(judgeTimeout);
  const common = { concurrency: judgeConcurrency, retries: judgeRetries, timeout, maxTokens: judgeMaxTokens, price };
  return { url: judgeUrl, model: judgeModel, pairs, ...common };
}

/** Its pairs are those of the other judge. */
function judgeRewardOf({ judgeReward: reward, judgePair: pairs }: EvalFlags): JudgeRewardOptions | undefined {
  return reward === undefined ? undefined : { reward, pairs };
}

function rewardOfPolicy(command: Command, text: string, previous: RewardOfPolicy[] = []): RewardOfPolicy[] {
  const [term] = rewardTerm(text);
  return term ? [...previous, { policy: policyPlace(command), term }] : previous;
}

/** Of the --policy before the flag that is read. */
function policyPlace(command: Command): number {
  const policies = command.opts<{ policy?: string[] }>().policy?.length ?? 0;
  return Math.max(0, policies - 1);
}

export function methodNames(text: string, previous: string[] = []): string[] {
  return [...previous, ...text.split(",").filter((name) => name !== "")];
}

function sweep(text: string, previous: Sweep = {}): Sweep {
  try {
    const [name, values] = parseSweep(text);
    return { ...previous, [name]: values };
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

function places(text: string): number[] {
  return text.split(",").map(integer);
}

function judgePair(text: string, previous: [string, string][] = []): [string, string][] {
  const split = text.lastIndexOf(":");
  if (split < 1 || split === text.length - 1) throw new InvalidArgumentError(`Expected METHOD:BASELINE, got "${text}".`);
  return [...previous, [text.slice(0, split), text.slice(split + 1)]];
}

function judgePrice(text: string): { input: number; output: number } {
  const [input, output, ...rest] = text.split(",").map(number);
  if (input === undefined || output === undefined || rest.length > 0) throw new InvalidArgumentError(`Expected IN,OUT, got "${text}".`);
  return { input, output };
}
