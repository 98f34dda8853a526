/** The public types of the package: what goes in, what comes out. Defaults live in options.ts. */
import type { SamplerOptions } from "./samplers.js";

export type * from "./samplers.js";

/** A part of a message's content. Only texts can be read. */
export interface TextPart {
  type: "text";
  text: string;
}

/** One message of a conversation. */
export interface ChatMessage {
  role: "system" | "user" | "assistant" | "tool" | (string & {});
  /** A text, or text parts; null or left out beside tool calls or reasoning. */
  content?: string | readonly TextPart[] | null | undefined;
  /** What else a chat template may read, as JSON: name, tool_calls, tool_call_id, reasoning_content, … */
  [field: string]: unknown;
}

/** Messages with what else their chat template may read. */
export interface Conversation {
  /** A text is one user message. */
  messages: string | readonly ChatMessage[];
  /** Functions that may be called, as JSON schemas. */
  tools?: readonly unknown[] | null | undefined;
  /** Texts to answer from. */
  documents?: readonly unknown[] | null | undefined;
  /** Variables of this conversation's own; they go before the call's. */
  templateVariables?: Readonly<Record<string, unknown>> | undefined;
}

/** A text, or a conversation that each model's own chat template formats. */
export type Prompt = string | readonly ChatMessage[] | Conversation;

/** How prompts become texts: for every call that reads them. */
export interface TemplateOptions {
  /** "auto" (default): each model's own chat template (a text is one user message); "none": the text as it is. */
  template?: "auto" | "none" | undefined;
  /** Variables for the chat templates, as JSON: { enable_thinking: false }. Not `messages` and `add_generation_prompt`. */
  templateVariables?: Readonly<Record<string, unknown>> | undefined;
  /**
   * What templates take for the present time, as a Date or in ISO 8601, local where it does not say otherwise, a day for its
   * beginning. Default: when the call is made; for what a later run can continue, the beginning of that day.
   */
  date?: Date | string | undefined;
}

/** Where a response's reward is read: at its last token, or at the token that ends the turn behind it. */
export type RewardAt = "last" | "end";

/** What a JavaScript reward gets for one candidate. */
export interface RewardCandidate {
  /** The candidate's token id and text. */
  token: number;
  text: string;
  /** ln P(token | prompt, response so far), over the whole vocabulary. NaN in score(), which asks no policy. */
  logProb: number;
  /** The response so far, with the candidate appended; whole characters only. */
  response: string;
  /** The candidate ends the response. */
  end: boolean;
}

/** What a JavaScript reward gets beside the candidates. */
export interface RewardContext {
  /** As it was given, but that contents of messages are texts: parts joined by line ends, empty where there were none. */
  prompt: Prompt;
  /** The response so far, without any candidate. */
  response: string;
  signal: AbortSignal | undefined;
}

/** A reward of your own: one finite number a candidate, in their order. */
export type RewardFunction = (
  candidates: readonly RewardCandidate[],
  context: RewardContext,
) => Promise<ArrayLike<number>> | ArrayLike<number>;

/** A reward model's file, or a function, with its weight in the sum. */
export interface RewardTerm {
  /** Path of a GGUF with a reward head, or a function. */
  reward: string | RewardFunction;
  /** Any finite number, default 1; 0 reports the reward without following it. */
  weight?: number | undefined;
  /**
   * Weights of single labels of a head with several, multiplied by `weight`. Default: 1 each; once any is named, the others count 0
   * and are only reported.
   */
  labels?: Readonly<Record<string, number>> | undefined;
  /** A chat template in place of the file's own: its text, Jinja. */
  chatTemplate?: string | undefined;
}

/** What to guide by: the path of a GGUF with a reward head, a function, or either with a weight. */
export type RewardSpec = string | RewardFunction | RewardTerm;

/**
 * "auto": every GPU the engine finds, or the CPU where none passes its trial; a name: that backend or DEVICE_UNAVAILABLE; false: the CPU.
 * A GPU is tried once in a child process, which may take a minute; what fails is said in one process warning, ARGSEARCH_GPU_FAILS.
 */
export type Gpu = "auto" | "cuda" | "vulkan" | "metal" | false;

/** Which llama.cpp does the work. A process has one: the first that is opened stays. */
export interface EngineOptions {
  /** A directory with llama.cpp libraries of your own; default: the installed engine package. */
  engineDir?: string | undefined;
  /** Default "auto". */
  gpu?: Gpu | undefined;
}

/** How a model's KV cache is kept. */
export type KvType = "auto" | "f32" | "f16" | "q8_0";

/** What loading any model takes. */
export interface ModelOptions extends EngineOptions {
  /** Layers on the GPU, from 0; default all. */
  gpuLayers?: number | undefined;
  /** Threads of a decode, 1 to 512; default: the physical cores, at most 16; 1 for models below 32 MB. */
  threads?: number | undefined;
  /** Most tokens of prompt + response, from 2 to what the models were trained with; default that, at most 4096. */
  contextSize?: number | undefined;
  /** Most tokens of one llama_decode, 1 to 65536; default 512. */
  batchSize?: number | undefined;
  /** KV cache type; default "auto": f32 for F32 models, else f16. */
  kvType?: KvType | undefined;
  /** Loading progress over all models, 0…1, never falling. */
  onProgress?: ((progress: number) => void) | undefined;
  /** Ends loading early: the promise rejects with ABORTED. */
  signal?: AbortSignal | undefined;
}

/** A process of its own for the engine. */
export interface IsolationOptions {
  /**
   * true: models are loaded and decoded in a child process, so that whatever ends it there is an error here, ENGINE_DIED, and the next call
   * starts another child. Default false. `respondWithinMs`: milliseconds without a sign of life, while there is work, after which the child
   * is ended, with ENGINE_NOT_RESPONDING; from 100, default 60000. Decoding does not count however long a step takes: what counts is a
   * process that was stopped, or whose JavaScript thread is stuck.
   */
  isolate?: boolean | { respondWithinMs?: number | undefined } | undefined;
}

export interface LoadOptions extends ModelOptions, IsolationOptions {
  /** Path of the policy's GGUF; default: the embedded policy, and then the embedded reward model, too. */
  policy?: string | undefined;
  /** A chat template for the policy in place of the file's own: its text, Jinja. Reward terms take one each. */
  chatTemplate?: string | undefined;
  /** What to guide by; several are summed. null, or no reward beside a policy of your own: none, baselines only. */
  reward?: RewardSpec | readonly RewardSpec[] | null | undefined;
  /** Prompts that can be decoded at once, 1 to 128; default 1. Each takes KV cache for contextSize tokens. */
  slots?: number | undefined;
  /**
   * Defaults of every response: the path of a file as tune() writes it, or the settings themselves. What a call names goes before them; one
   * that names another method takes the samplers alone. A file that was made for other models warns (ARGSEARCH_SETTINGS_OF_OTHER_MODELS).
   */
  settings?: string | DecodingSettings | undefined;
}

export interface RewardLoadOptions extends ModelOptions, IsolationOptions {
  /** At least one reward model, alone or among several terms; default: the embedded reward model. */
  reward?: RewardSpec | readonly RewardSpec[] | undefined;
}

/**
 * How the next token is chosen. "args" is the reward-guided search token by token; "blocks" draws some drafts of the next tokens from the
 * policy, rates them at their ends, and takes the best. The others are baselines: with a reward loaded they rate the token that they choose,
 * which costs one reward token a step; load without one to decode plainly.
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

/** One response's settings. A setting that the chosen method does not use is checked, then ignored. */
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
  /** Above 0; default 1 for stochastic selection, 0.8 for method "sample". */
  temperature?: number | undefined;
  /** Default "reward". Rewards that are reported are always the token's own. */
  ending?: Ending | undefined;
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
  /** From 1; default 128. */
  maxTokens?: number | undefined;
  /** Texts that end the response; they are cut from it. */
  stop?: string | readonly string[] | undefined;
  /** Where `reward` of the result is read; default: as each reward model's file says, else "last". */
  rewardAt?: RewardAt | undefined;
  /** Report every step's candidates; default false. */
  candidates?: boolean | undefined;
  /** A slot to use; default a free one, preferring the longest prefix in its cache. */
  slot?: number | undefined;
  /** Ends the response between two tokens: it resolves with what there is. Before the first: ABORTED. */
  signal?: AbortSignal | undefined;
}

/** How tokens are chosen: those of GenerateOptions that a file of settings may hold. */
export interface DecodingSettings
  extends SamplerOptions,
    Pick<
      GenerateOptions,
      "method" | "topK" | "weight" | "combine" | "select" | "temperature" | "ending" | "block" | "drafts" | "keepDrafts" | "blockReward"
    > {}

/** Why a response ended: end-of-generation token, stop string, maxTokens, context full, AbortSignal. */
export type FinishReason = "eog" | "stop" | "length" | "context" | "aborted";

/** One of the tokens that a step chose among. */
export interface Candidate {
  token: number;
  text: string;
  logProb: number;
  /** Null without a reward, as the score. */
  reward: number | null;
  score: number | null;
  /** One value an objective (label of a reward model or function), normalised, unweighted. */
  objectives: Readonly<Record<string, number>>;
}

/** One decoded token. */
export interface Step {
  /** Whole characters that became certain with this step; may be empty. */
  text: string;
  token: number;
  /** ln P by the distribution that the policy's samplers leave: what the score is made of. */
  logProb: number;
  /** The same by the policy itself, before any sampler. */
  policyLogProb: number;
  /** Reward of prompt + response up to and including this token; null without a reward, and inside of blocks. */
  reward: number | null;
  objectives: Readonly<Record<string, number>>;
  /** What it was chosen by; null without a reward, and but for the last token of a block. */
  score: number | null;
  /** In descending log-probability; when asked for in GenerateOptions; not of blocks. */
  candidates?: Candidate[];
  /** Set on the last step. */
  finishReason?: FinishReason;
}

/** Tokens that a response took. */
export interface Usage {
  promptTokens: number;
  /** Of these, found in the policy's cache. */
  cachedTokens: number;
  completionTokens: number;
}

/** Milliseconds. */
export interface Timings {
  /** Loading the models: the same in every result of a decoder. */
  load: number;
  /** Decoding the prompt, in all models. */
  prefill: number;
  /** llama_decode of the steps. Slots that share a batch share its time equally. */
  policy: number;
  reward: number;
  /** Prefill and steps, with the waiting for shared batches; without the time the caller took between steps. */
  total: number;
  /** Response tokens over the steps' time. */
  tokensPerSecond: number;
}

/** A response. Arrays have one entry a token. */
export interface GenerateResult {
  text: string;
  tokens: number[];
  /** Text of each token, torn characters as U+FFFD, control tokens empty. */
  pieces: string[];
  /** ln P by the distribution that the policy's samplers leave; of method "sample", by the policy itself. */
  logProbs: number[];
  /** ln P by the policy itself, before any sampler. */
  policyLogProbs: number[];
  /** Empty without a reward. NaN, as the objectives, where none was read: inside of blocks. */
  rewards: number[];
  /** One array an objective. */
  objectives: Record<string, number[]>;
  /**
   * The whole response's: at its last token, the one that ends the turn left aside ("last"), or at that one ("end"), which a
   * response that was cut off does not have. Null without a reward or such a token.
   */
  reward: number | null;
  finishReason: FinishReason;
  seed: number;
  usage: Usage;
  timings: Timings;
}

/**
 * What to score: a response, in the conversation that it finishes as the reward model's chat template writes it, or a whole
 * text as it is, without a template. A response may be a message, whose other fields the template reads, too.
 */
export type ScoreInput = { prompt: Prompt; response: string | ChatMessage } | { text: string };

/** One token of a scored text. */
export interface TokenReward {
  id: number;
  text: string;
  /** Reward of prompt + response up to and including this token. */
  reward: number;
  /** One value an objective: normalised, unweighted. Only where there are several. */
  objectives?: Record<string, number>;
}

/** What score() gives for one input. */
export interface ScoreResult {
  /** The whole response's: at its last token, or with rewardAt "end" at the token that ends the turn behind it. */
  reward: number;
  /** One value an objective, read there: normalised, unweighted. */
  objectives: Record<string, number>;
  /** Every token of the response, or of the text. */
  tokens: TokenReward[];
}

export interface ScoreOptions extends TemplateOptions {
  /** Where `reward` is read; default: as each reward model's file says, else "last". */
  rewardAt?: RewardAt | undefined;
  signal?: AbortSignal | undefined;
}

/** A callback that throws ends the call, which rejects with what was thrown. */
export interface GenerateAllOptions extends GenerateOptions {
  /** Called after every prompt, failed or not. */
  onProgress?: ((done: number, total: number) => void) | undefined;
  /** Called with each result as soon as it is there, in the order of completion. */
  onResult?: ((result: GenerateResult, index: number) => void) | undefined;
  /** Called with each failure as soon as it is there. */
  onError?: ((error: unknown, index: number) => void) | undefined;
}
