/** What loading models takes. Defaults live in decode/load-options.ts. */
import type { DecodingSettings } from "./generate.js";
import type { RemotePolicy } from "./remote.js";
import type { RewardSpec } from "./reward.js";

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

/** Which devices compute, of this machine and of others. */
export interface PlacementOptions {
  /**
   * Servers of llama.cpp's RPC backend, "host:port" (IPv4 or a name), at most 16: their devices join this machine's as "RPC0", "RPC1", … in
   * this order. Where no device is named, layers are spread over them and the GPUs that `gpu` allows. Runs isolated unless `isolate` is
   * false: a server that dies ends the process that uses it. The protocol has neither password nor encryption: docs/scaling.md.
   */
  rpc?: string | readonly string[] | undefined;
  /** The device of reward models and other models that read, by its name in `argsearch devices`; "CPU": this machine's processor. */
  rewardDevice?: string | undefined;
  /** The same of the policy; where there is none it is not looked at. */
  policyDevice?: string | undefined;
}

/** How far models of the Hub ("hf:OWNER/REPO") have come. */
export interface ModelDownload {
  /** Which is coming: OWNER/REPO/FILE. */
  file: string;
  /** What is there of all files that were missing, of how much. */
  bytes: number;
  total: number;
}

/** What loading any model takes. */
export interface ModelOptions extends EngineOptions, PlacementOptions {
  /** Layers on the GPU, from 0; default all. */
  gpuLayers?: number | undefined;
  /**
   * Most threads of a decode, 1 to 512; default: the physical cores, at most 16; 1 for models below 32 MB. On a processor fewer compute
   * while other processes have some of the cores and fewer are faster; what that does to results is in docs/engine.md, "Threads".
   */
  threads?: number | undefined;
  /** Most tokens of prompt + response, from 2 to what the models were trained with; default that, at most 4096. */
  contextSize?: number | undefined;
  /** Most tokens of one llama_decode, 1 to 65536; default 512. */
  batchSize?: number | undefined;
  /** KV cache type; default "auto": f32 for F32 models, else f16. */
  kvType?: KvType | undefined;
  /**
   * Loading progress over all models, 0…1, never falling. Where models of the Hub must be downloaded, that is what 0 to 0.9 is of, and the second argument
   * says how many bytes are there.
   */
  onProgress?: ((progress: number, download?: ModelDownload) => void) | undefined;
  /** Ends loading early: the promise rejects with ABORTED. What has come of a download stays, and the next call goes on from there. */
  signal?: AbortSignal | undefined;
}

/** Whether reward models must share the policy's tokenizer. */
export type Tokenizers = "same" | "any";

/** Models with different tokenizers. */
export interface TokenizersOptions {
  /**
   * "same" (default): every reward model has the policy's vocabulary, or without a policy the first one's; another is VOCABULARY_MISMATCH. "any": one that
   * has another reads the policy's text in tokens of its own. Token by token, each of the policy's is cut apart, so that what was read stays: rewards
   * are close to those of the whole text. A candidate that ends inside a character has the reward of the text before (`waits`). In blocks, and in
   * score(), rewards are exact. load() says so once: a process warning, ARGSEARCH_TOKENIZERS_DIFFER. Not with gates "predicted" and "predicted-only", nor a number for `lookahead`.
   */
  tokenizers?: Tokenizers | undefined;
}

/** A process of its own for the engine. */
export interface IsolationOptions {
  /**
   * true: models are loaded and decoded in a child process, so that whatever ends it there is an error here, ENGINE_DIED, and the next call
   * starts another child. Default false; true with `rpc`. `respondWithinMs`: milliseconds without a sign of life, while there is work, after which the child
   * is ended, with ENGINE_NOT_RESPONDING; from 100, default 60000. Decoding does not count however long a step takes: what counts is a
   * process that was stopped, or whose JavaScript thread is stuck.
   */
  isolate?: boolean | { respondWithinMs?: number | undefined } | undefined;
}

/** How many responses may wait for a slot, and how long. */
export interface QueueOptions {
  /** From 0; default 64. */
  max?: number | undefined;
  /** Milliseconds, from 0; default without end. */
  timeout?: number | undefined;
}

export interface LoadOptions extends ModelOptions, IsolationOptions, TokenizersOptions {
  /** Path of the policy's GGUF, its name on the Hugging Face Hub ("hf:OWNER/REPO:Q4_K_M"; docs/models.md), or a server that runs it; default: the embedded policy, and then the embedded reward model, too. */
  policy?: string | RemotePolicy | undefined;
  /** A chat template for the policy in place of the file's, or the server's, own: its text, Jinja. Reward terms take one each. */
  chatTemplate?: string | undefined;
  /** What to guide by; several are summed. null, or no reward beside a policy of your own: none, baselines only. */
  reward?: RewardSpec | readonly RewardSpec[] | null | undefined;
  /** Prompts that can be decoded at once, 1 to 128; default 1; of a policy on a server, those of generateAll(). Each takes KV cache for contextSize tokens. */
  slots?: number | undefined;
  /**
   * A reward model that is a head on the policy's own trunk is read in the policy's context, where both read the same tokens: one model in
   * memory, and a step that decodes its k candidates once, for rewards and for the next token. It is seen by the trunk's hash, which
   * attachReward() and fitReward() keep in the file. Default true; false: always two contexts, whose numbers differ in their rounding.
   */
  shareTrunk?: boolean | undefined;
  /**
   * What a response does while no slot is free: it waits, first come, first served; where too many wait, or it has waited too long, it fails
   * with BUSY. false: it fails at once. generateAll() always waits.
   */
  queue?: false | QueueOptions | undefined;
  /**
   * Defaults of every response: the path of a file as tune() writes it, or the settings themselves. What a call names goes before them; one
   * that names another method takes the samplers alone. A file that was made for other models warns (ARGSEARCH_SETTINGS_OF_OTHER_MODELS).
   */
  settings?: string | DecodingSettings | undefined;
}

export interface RewardLoadOptions extends ModelOptions, IsolationOptions, TokenizersOptions {
  /** At least one reward model, server or question to a `model`, alone or among several terms; default: the embedded reward model. */
  reward?: RewardSpec | readonly RewardSpec[] | undefined;
}
