/** How a response is decoded. Defaults live in decode/options.ts. */
import type { TemplateOptions } from "./prompt.js";
import type { GenerateResult, Step } from "./result.js";
import type { RewardAt } from "./reward.js";
import type { SamplerOptions } from "./samplers.js";

/**
 * How the next token is chosen. "args" is the reward-guided search token by token; "blocks" draws some drafts of the next tokens from the
 * policy, rates them at their ends, and takes the best. The others are baselines, which no reward guides: a loaded one costs them nothing,
 * unless `rewards` of GenerateOptions asks what it says of the tokens that they choose.
 */
export type Method = "args" | "blocks" | "greedy" | "sample";

/**
 * What decides when a response ends. "reward": the token that ends it is a candidate like others, with its own reward, as the paper scores
 * it. "policy": it is scored with the highest reward among the candidates that go on, so that the policy alone decides when to end and the
 * reward only what to say. "never": it is no candidate, as in the paper's published code; the response goes on to maxTokens or a stop string.
 *
 * Of blocks, "reward": a draft that ends competes by its reward. "policy": the first draft, a draw like any other, says whether the response
 * ends in this block, and the reward chooses among the drafts that do the same, which keeps the policy's probability of ending exactly.
 */
export type Ending = "reward" | "policy" | "never";

/**
 * Which steps of method "args" are decoded without the reward models, which then read the tokens that they missed together with the next
 * candidates. "off": none. "bound": candidates that are too unlikely to win, as far as rewards have differed so far, are not rated, and where
 * one is left nothing is: the same text, but for rare steps, which are counted. "predicted": the same of candidates that cannot win as a network guesses their rewards, which
 * `argsearch reward predict` has put into the reward models' files, at the rate of other tokens that was promised there, or { predicted }: another rate of its table, 0.000001 to 0.5.
 * "predicted-only": nothing is rated, and the guesses choose: another text. { entropy }: only steps in which the policy's entropy, of its own
 * distribution over the whole vocabulary, exceeds so many nats are guided (SIA, arXiv 2602.21215); { topProbability }: those in which its likeliest token has less
 * than this probability. In the others the policy alone chooses among the candidates, which is another text.
 */
export type Gate =
  | "off"
  | "bound"
  | "predicted"
  | "predicted-only"
  | { entropy: number }
  | { topProbability: number }
  | { predicted: number };

/**
 * Several steps of method "args" at the price of a few, with the same tokens: the policy runs ahead with its likeliest candidates, all candidates of these
 * steps are rated in one batch, and steps are taken up to the first that takes another candidate. "off": one step at a time. A number: so many
 * steps. "auto": as many as pay, by what decodes of this decoder have cost and how often the likeliest candidate was taken; one where none do.
 */
export type Lookahead = "off" | "auto" | number;

/**
 * One response's settings. A setting that the chosen method does not use is checked, then ignored. ARGS as in the paper is
 * { dryMultiplier: 0, ending: "reward" }: its loops and late endings are what the defaults of guided methods are there for.
 */
export interface GenerateOptions extends TemplateOptions, SamplerOptions {
  /** Default "args", or "greedy" when no reward was loaded. */
  method?: Method | undefined;
  /** "args": candidates a step, 1 to the vocabulary's size, default 10. "sample", "blocks": llama.cpp's top-k, 0 = off, default 40. */
  topK?: number | undefined;
  /** w: 0 to 1, default 0.6, when interpolating; from 0, default 1.5, when additive (the same ranking). */
  weight?: number | undefined;
  /** "interpolate" (default): (1 - w) log P + w r; "additive": log P + w r. */
  combine?: "interpolate" | "additive" | undefined;
  /** "greedy" (default): arg max of the scores; "stochastic": sample from softmax(score / temperature). Of blocks, a draft's reward is its score. */
  select?: "greedy" | "stochastic" | undefined;
  /** Of a draw, from 0; default 1 for stochastic selection, 0.8 for method "sample". 0 draws nothing: it takes the likeliest, or the highest score. */
  temperature?: number | undefined;
  /**
   * Default "policy" for "args" and "blocks", "reward" for the others (and as in the paper). A reward with an opinion about endings, such as a
   * function that looks at `end`, needs "reward". Rewards that are reported are always the token's own.
   */
  ending?: Ending | undefined;
  /**
   * "args": which steps go without the reward models; default "off". `entropy` is from 0 nats, `topProbability` from 0 to 1. Not beside reward functions, and "bound" not with
   * stochastic selection.
   */
  gate?: Gate | undefined;
  /**
   * "args": how far to look ahead, "off" (default), "auto" or 1 to 16 steps, of which 1 is off. It pays where a decode of many tokens costs little more than
   * one of a few: on GPUs. Not beside a gate or reward functions, and "auto" not for files of prompts; with a number, MODEL_UNSUPPORTED for recurrent
   * models. All candidates of a window have a branch of the reward model: with 40 of them for one slot, topK 10 has 4 steps at most.
   */
  lookahead?: Lookahead | undefined;
  /** "blocks": tokens of a block, from 1, default 16; "response": all of them, which is best-of-n. */
  block?: number | "response" | undefined;
  /** "blocks": drafts of each block, 1 to 256, default 4. Those that have no room side by side are drawn one after the other. */
  drafts?: number | undefined;
  /** "blocks": how many drafts go on after half a block, those with the highest rewards there; default all. */
  keepDrafts?: number | undefined;
  /** "blocks": "end" (default): a draft's reward is that at its last token; "mean": the mean over its tokens (functions: at the last). */
  blockReward?: "end" | "mean" | undefined;
  /** 0…2^32-1; default random, reported in the result. */
  seed?: number | undefined;
  /** Most tokens of the response, from 1; default 128, so ask for more where answers are long: a result that was cut off has finishReason "length". */
  maxTokens?: number | undefined;
  /**
   * true: control tokens that a prompt without a template spells out ("<|im_end|>") are these tokens, for a text that a program has written a template
   * into. Default false: they are text like any other, as what users write should be.
   */
  special?: boolean | undefined;
  /** Texts that end the response; they are cut from it. */
  stop?: string | readonly string[] | undefined;
  /**
   * "greedy", "sample": rate the tokens that they choose, for the prompt and one token a step in each reward model; default false: reward
   * models decode nothing, functions are not called, and the result has no rewards, as without a reward. "args" and "blocks" always rate.
   */
  rewards?: boolean | undefined;
  /** Where `reward` of the result is read; default: as each reward model's file says, else "last". */
  rewardAt?: RewardAt | undefined;
  /** Report every step's candidates; default false. */
  candidates?: boolean | undefined;
  /**
   * Report with every step the policy's likeliest tokens, so many, whatever the method; 0 to the vocabulary's size, default 0. Ignored by "blocks",
   * which keeps no distribution.
   */
  topLogProbs?: number | undefined;
  /** A slot to use; default a free one, whose conversation the prompt continues, else an empty one or that which lay idle longest. */
  slot?: number | undefined;
  /** A name for what this prompt belongs to: its responses take the same slot while it is free, and others take it last. */
  conversation?: string | undefined;
  /** Called with each step as soon as it is there; what it returns is awaited, what it throws ends the response and rejects the call. */
  onStep?: ((step: Step) => unknown) | undefined;
  /** Ends the response between two tokens: it resolves with what there is. Before the first: ABORTED. */
  signal?: AbortSignal | undefined;
}

/** How tokens are chosen: those of GenerateOptions that a file of settings may hold. */
export interface DecodingSettings
  extends SamplerOptions,
    Pick<
      GenerateOptions,
      | "method"
      | "topK"
      | "weight"
      | "combine"
      | "select"
      | "temperature"
      | "ending"
      | "gate"
      | "lookahead"
      | "block"
      | "drafts"
      | "keepDrafts"
      | "blockReward"
    > {}

/** A callback that throws ends the call, which rejects with what was thrown. */
export interface GenerateAllOptions extends Omit<GenerateOptions, "onStep"> {
  /**
   * Responses of each prompt, from 1: results are then arrays of so many. They share their prompt's cache, and each draws by a seed of its own, the
   * first by `seed`; a method that draws nothing gives the same each time. Callbacks get the response's number, from 0, behind its prompt's.
   */
  n?: number | undefined;
  /** Called with each step of each response, as onStep of generate(). */
  onStep?: ((step: Step, index: number, number: number) => unknown) | undefined;
  /** Called after every response, failed or not. */
  onProgress?: ((done: number, total: number) => void) | undefined;
  /** Called with each result as soon as it is there, in the order of completion. */
  onResult?: ((result: GenerateResult, index: number, number: number) => void) | undefined;
  /** Called with each failure as soon as it is there. */
  onError?: ((error: unknown, index: number, number: number) => void) | undefined;
}
