/** The flags that several commands share, and the library options they stand for. */
import { type Command, InvalidArgumentError, Option } from "commander";
import {
  ArgsearchError,
  type GenerateOptions,
  type Gpu,
  type LoadOptions,
  type ModelOptions,
  type RewardTerm,
  type Shard,
  type TokenizersOptions,
} from "../../index.js";
import { type AskFlags, askTerms } from "./ask.js";
import { gateFlag } from "./gate.js";
import { lookaheadFlag } from "./lookahead.js";
import { type RemotePolicyFlags, type RemoteRewardFlags, remotePolicy, withRemoteReward } from "./remote.js";
import { addRewardKindFlags, type RewardKindFlags, withKinds } from "./reward-kind.js";
import { addSamplerFlags, type SamplerFlags, samplerOptions } from "./samplers.js";
import {
  addRewardTemplateFlag,
  type RewardTemplateFlags,
  rewardAtFlag,
  type TemplateFlags,
  templateOptions,
  withTemplates,
} from "./templates.js";
import { ESCAPES, escapedTexts, integer, type LabelWeight, labelWeight, number, rewardTerm } from "./values.js";

/** Flags that need no policy: where and how a model runs. */
export interface ModelFlags
  extends Pick<ModelOptions, "engineDir" | "gpuLayers" | "threads" | "batchSize" | "kvType" | "rewardDevice" | "policyDevice"> {
  gpu?: Exclude<Gpu, false> | "off";
  context?: number;
  rpc?: string[];
  verbose?: boolean;
}

export interface IsolateFlag {
  isolate?: boolean;
}

export interface RewardFlags extends RewardTemplateFlags, RewardKindFlags, RemoteRewardFlags, AskFlags, TokenizersOptions {
  reward?: RewardTerm[];
  label?: LabelWeight[];
}

export interface LoadFlags extends ModelFlags, IsolateFlag, RewardFlags, RemotePolicyFlags, TemplateFlags {
  policy?: string;
  settings?: string;
  shareTrunk?: boolean;
}

export const METHODS = ["args", "blocks", "greedy", "sample"] as const;

const DECODING = [
  "method",
  "topK",
  "weight",
  "combine",
  "select",
  "temperature",
  "ending",
  "gate",
  "lookahead",
  "block",
  "drafts",
  "keepDrafts",
  "blockReward",
  "seed",
  "maxTokens",
  "stop",
  "rewards",
  "rewardAt",
] as const;

export type DecodingFlags = Pick<GenerateOptions, (typeof DECODING)[number]> & SamplerFlags & TemplateFlags;

export function addModelFlags(command: Command): void {
  command
    .optionsGroup("Engine:")
    .option("--context <n>", "most tokens of prompt and response (default: the models' own, at most 4096)", integer)
    .option("--batch-size <n>", "most tokens of one decode (default: 512)", integer)
    .addOption(choice("--kv-type", ["auto", "f32", "f16", "q8_0"], "type of the KV cache (default: auto)"))
    .option("--threads <n>", "threads (default: the physical cores; 1 for small models)", integer)
    .addOption(choice("--gpu", ["auto", "cuda", "vulkan", "metal", "off"], "where to run (default: auto)"))
    .option("--gpu-layers <n>", "layers on the GPU (default: all)", integer)
    .addOption(engineDirFlag())
    .addOption(rpcFlag())
    .option("--reward-device <name>", "device of the reward models, as `argsearch devices` lists them (default: as --gpu and --rpc say)")
    .addOption(verboseFlag());
}

export function rpcFlag(): Option {
  return new Option("--rpc <host:port,...>", "servers of llama.cpp's RPC backend, on networks of your own only; repeatable").argParser(
    endpoints,
  );
}

function endpoints(text: string, previous: string[] = []): string[] {
  return [...previous, ...text.split(",").filter((each) => each !== "")];
}

/** `whose`: what is dealt out. */
export function shardFlag(whose: string): Option {
  return new Option(
    "--shard <i/n>",
    `this part of ${whose} alone, from 1, for another machine or job; \`argsearch merge\` makes one of all`,
  ).argParser(shard);
}

function shard(text: string): Shard {
  const [, index, count] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  if (index === undefined || count === undefined) throw new InvalidArgumentError(`Of the form 2/8, not ${JSON.stringify(text)}.`);
  return { index: integer(index), count: integer(count) };
}

export function policyDeviceFlag(): Option {
  return new Option("--policy-device <name>", "device of the policy, as `argsearch devices` lists them");
}

/** Behind addModelFlags(). */
export function addIsolateFlag(command: Command): void {
  command.option("--isolate", "run the engine in a process of its own: what ends it is an error here, and does not end this program");
}

export function engineDirFlag(): Option {
  return new Option("--engine-dir <dir>", "llama.cpp libraries of your own");
}

export function verboseFlag(): Option {
  return new Option("--verbose", "llama.cpp's log, and where an error came from, on standard error");
}

export function addRewardFlags(command: Command): void {
  const place = (): number => Math.max(0, (command.opts<RewardFlags>().reward?.length ?? 0) - 1);
  command
    .optionsGroup("Models:")
    .option("-r, --reward <file[=weight]>", "reward model, a file or hf:OWNER/REPO:QUANT; repeat for a weighted sum", rewardTerm)
    .option(
      "--label <name=weight>",
      "weight of one label of the --reward before it, whose other labels then count 0; repeatable",
      (text: string, previous?: LabelWeight[]) => labelWeight(text, place(), previous),
    );
  addRewardKindFlags(command, place);
  addRewardTemplateFlag(command, place);
  command.addOption(tokenizersFlag());
}

export function tokenizersFlag(): Option {
  return choice("--tokenizers", ["same", "any"], "reward models with another tokenizer: refused, or given the text (default: same)");
}

export function addPolicyFlag(command: Command): void {
  command
    .optionsGroup("Models:")
    .option("-m, --policy <file>", "policy, a file or hf:OWNER/REPO:QUANT (default: the embedded pair)")
    .addOption(policyDeviceFlag())
    .option("--no-share-trunk", "two contexts, also where the reward model is a head on the policy's trunk");
}

/** How tokens are chosen, but for the samplers. */
export function addSettingFlags(command: Command, group = "Decoding:"): void {
  command
    .optionsGroup(group)
    .addOption(settingsFlag())
    .addOption(choice("--method", METHODS, "reward-guided search or a baseline (default: args; greedy without a reward)"))
    .option("-k, --top-k <n>", "candidates a step (default: 10; 40 for sample, blocks)", integer)
    .option("-w, --weight <w>", "weight of the reward (default: 0.6; additive: 1.5)", number)
    .addOption(choice("--combine", ["interpolate", "additive"], "(1 - w) log P + w r, or log P + w r (default: interpolate)"))
    .addOption(choice("--select", ["greedy", "stochastic"], "the best score, or a draw by score (default: greedy)"))
    .option("-t, --temperature <t>", "of a draw (default: 1; 0.8 for sample)", number)
    .addOption(endingFlag())
    .addOption(gateFlag())
    .addOption(lookaheadFlag())
    .option("--block <n|response>", "blocks: tokens that are drafted together (default: 16)", blockLength)
    .option("--drafts <n>", "blocks: drafts of each, of which one is taken (default: 4)", integer)
    .option("--keep-drafts <n>", "blocks: drafts that go on after half a block (default: all)", integer)
    .addOption(choice("--block-reward", ["end", "mean"], "blocks: a draft's reward at its end, or the mean (default: end)"));
}

export function addDecodingFlags(command: Command): void {
  addSettingFlags(command);
  command
    .option("-s, --seed <n>", "seed of a draw (default: random, reported)", integer)
    .option("-n, --max-tokens <n>", "longest response (default: 128)", integer)
    .option("--stop <text>", `text that ends the response; repeatable; ${ESCAPES}`, escapedTexts)
    .option("--rewards", "greedy, sample: rate what they choose, which costs reward tokens (args, blocks always do)")
    .addOption(rewardAtFlag());
  addSamplerFlags(command);
}

export function settingsFlag(what = "settings as `argsearch tune` writes them; flags go before them"): Option {
  return new Option("--settings <file>", what);
}

export function endingFlag(otherwise = "policy; reward for greedy, sample"): Option {
  return choice("--ending", ["reward", "policy", "never"], `what decides when to end (default: ${otherwise})`);
}

export function modelOptions(flags: ModelFlags): ModelOptions {
  const { engineDir, gpuLayers, threads, batchSize, kvType, gpu, context, rpc, rewardDevice, policyDevice } = flags;
  const placement = { rpc, rewardDevice, policyDevice };
  return { engineDir, gpuLayers, threads, batchSize, kvType, gpu: gpu === "off" ? false : gpu, contextSize: context, ...placement };
}

export function loadOptions(flags: LoadFlags): LoadOptions {
  const { template, isolate, settings, shareTrunk, tokenizers } = flags;
  const policy = remotePolicy(flags, flags.policy) ?? flags.policy;
  const reward = rewardTerms(flags);
  return { ...modelOptions(flags), isolate, settings, policy, shareTrunk, tokenizers, chatTemplate: template?.text, reward };
}

/**
 * The reward models asked for, each with its labels' weights and its template, or the `common` one; undefined when neither was.
 */
export function rewardTerms(flags: RewardFlags, common?: string): RewardTerm[] | undefined {
  const terms = labelledTerms(flags);
  const asks = askTerms(flags, common);
  // Of a server or questions alone no embedded model is a part.
  const others = flags.rewardUrl !== undefined || asks.length > 0;
  const files = terms === undefined && others ? [] : withTemplates(terms, flags, common);
  const all = withRemoteReward(files, flags, common);
  return asks.length > 0 ? [...(all ?? []), ...asks] : all;
}

function labelledTerms({ label = [], ...flags }: RewardFlags): RewardTerm[] | undefined {
  const reward = withKinds(flags.reward, flags);
  if (reward === undefined && label.length > 0) throw new ArgsearchError("OPTION_INVALID", "--label needs the --reward it belongs to");
  return reward?.map((term, index) => {
    const labels = label.filter((entry) => entry.reward === index).map(({ name, weight }) => [name, weight] as const);
    return { ...term, labels: Object.fromEntries(labels) };
  });
}

export function generateOptions(flags: DecodingFlags): GenerateOptions {
  return { ...templateOptions(flags), ...Object.fromEntries(DECODING.map((name) => [name, flags[name]])), ...samplerOptions(flags) };
}

function blockLength(text: string): number | "response" {
  if (text === "response") return text;
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError(`A whole number or "response", not ${JSON.stringify(text)}.`);
  return integer(text);
}

function choice(flag: string, choices: readonly string[], description: string): Option {
  return new Option(`${flag} <${choices.join("|")}>`, description).choices(choices);
}

/** Examples for the end of a command's help. */
export function addExamples(command: Command, examples: readonly string[]): void {
  command.addHelpText("after", `\nExamples:\n${examples.map((example) => `  $ argsearch ${example}`).join("\n")}`);
}
