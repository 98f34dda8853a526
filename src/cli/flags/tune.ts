/** The flags of tune, and the options of tune() they stand for. */
import { type Command, InvalidArgumentError } from "commander";
import { parseSweep, type TuneBounds, type TuneOptions } from "../../evaluate/index.js";
import type { DecodingSettings } from "../../index.js";
import { addAskFlags } from "./ask.js";
import { addEmbeddingFlags, type DataFormat, dataFormatFlag, methodNames } from "./eval.js";
import {
  addIsolateFlag,
  addModelFlags,
  addPolicyFlag,
  addRewardFlags,
  endingFlag,
  type IsolateFlag,
  type ModelFlags,
  modelOptions,
  type RewardFlags,
  rewardTerms,
} from "./flags.js";
import { addSamplerFlags, type SamplerFlags, samplerOptions } from "./samplers.js";
import { addTemplateFlags, rewardAtFlag, type TemplateFlags, templateOptions } from "./templates.js";
import { ESCAPES, escapedTexts, integer, number } from "./values.js";

/** Where results go without --out. */
const DEFAULT_OUT = "argsearch-tune";

export interface TuneFlags
  extends ModelFlags,
    IsolateFlag,
    RewardFlags,
    TemplateFlags,
    SamplerFlags,
    Pick<DecodingSettings, "ending">,
    Pick<TuneOptions, "count" | "maxTokens" | "stop" | "seed" | "slots" | "rewardAt" | "embedding" | "pooling" | "weights"> {
  policy?: string;
  prompts: string;
  format?: DataFormat;
  methods?: string[];
  topK?: number;
  out?: string;
  json?: boolean;
  judgeReward?: string;
  minDiversity?: Bound;
  minEnded?: Bound;
  minCoherence?: Bound;
  maxLoops?: Bound;
  maxPerplexity?: Bound;
}

type Bound = number | false;

export function addTuneFlags(command: Command): void {
  command
    .requiredOption("-d, --prompts <file>", "JSON lines, plain or in gzip: prompts or preference pairs")
    .addOption(dataFormatFlag())
    .option("--count <n>", "prompts to decode, chosen by the seed (default: 48)", integer)
    .option("-o, --out <dir>", `where everything goes (default: ${DEFAULT_OUT})`)
    .option("--json", "print what was found as one JSON object");
  addPolicyFlag(command);
  addRewardFlags(command);
  addAskFlags(command);
  addEmbeddingFlags(command);
  command.option(
    "--judge-reward <file>",
    "reward model on another trunk that rates every answer: of several methods its favourite is taken",
  );
  command
    .optionsGroup("What is tried:")
    .option("--weights <list>", "of the reward: 0.1,0.2,…,0.6 (default: that)", weights)
    .option("--methods <names...>", "guided: args-greedy, args-stochastic, blocks (default: args-greedy)", methodNames)
    .option("-k, --top-k <n>", "candidates (default: 10)", integer)
    .addOption(endingFlag("policy"))
    .option("-n, --max-tokens <n>", "longest response (default: 128)", integer)
    .option("--stop <text>", `text that ends a response; repeatable; ${ESCAPES}`, escapedTexts)
    .option("-s, --seed <n>", "of the choice of prompts and every draw (default: 0)", integer)
    .option("--slots <n>", "prompts decoded at once (default: 4)", integer)
    .addOption(rewardAtFlag());
  addBoundFlags(command);
  addTemplateFlags(command, "the policy");
  addSamplerFlags(command, "0.8; 0 = off");
  addModelFlags(command);
  addIsolateFlag(command);
}

function addBoundFlags(command: Command): void {
  command
    .optionsGroup('Bounds, as shares of what greedy decoding with the same samplers has; "off" for none:')
    .option("--min-diversity <share>", "diversity (default: 0.95)", bound)
    .option("--min-ended <share>", "answers that end by themselves (default: 1)", bound)
    .option("--max-loops <share>", "answers with a repeated 8-gram (default: 1)", bound)
    .option("--min-coherence <share>", "coherence, with --embedding (default: 0.95)", bound)
    .option("--max-perplexity <share>", "perplexity under the policy (default: off)", bound);
}

/** @throws ArgsearchError OPTION_INVALID */
export function tuneOptions(flags: TuneFlags): TuneOptions & { out: string } {
  const { policy, prompts: data, format, count, out = DEFAULT_OUT, embedding, pooling, judgeReward, maxTokens, stop, seed, slots } = flags;
  const { topK, ending, isolate, rewardAt, tokenizers } = flags;
  const { onProgress: _loading, ...model } = modelOptions(flags);
  const methods = (flags.methods ?? ["args-greedy"]).map((name) => (name === "blocks" ? { name } : { name, topK }));
  return {
    ...model,
    ...templateOptions(flags),
    ...{ policy, chatTemplate: flags.template?.text, reward: rewardTerms(flags), isolate, rewardAt, tokenizers },
    ...{ data, format, count, out, embedding, pooling, judgeReward, maxTokens, stop, seed, slots },
    ...{ methods, weights: flags.weights, bounds: boundsOf(flags) },
    settings: { ...samplerOptions(flags), ending },
  };
}

function boundsOf({ minDiversity, minEnded, minCoherence, maxLoops, maxPerplexity }: TuneFlags): TuneBounds {
  return { diversity: minDiversity, ended: minEnded, coherence: minCoherence, loops: maxLoops, perplexity: maxPerplexity };
}

function bound(text: string): Bound {
  return text === "off" ? false : number(text);
}

function weights(text: string): number[] {
  try {
    const [, values] = parseSweep(`weight=${text}`);
    return values;
  } catch {
    throw new InvalidArgumentError(`Expected NUMBER,NUMBER,…, got "${text}".`);
  }
}
