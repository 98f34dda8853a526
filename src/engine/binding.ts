/**
 * The typed face of the native addon: what crosses the border, once, with shapes and units.
 * Nothing above this file knows of N-API; nothing below it knows of prompts, text or options.
 *
 * Every native error is an `Error` with a string `code` out of `ErrorCode` (errors.ts).
 * Asynchronous calls run on a thread of the object they belong to, in call order.
 */
import { unpacked } from "../package-root.js";
import { openAddon } from "./addon.js";
import type { GgufFile, GgufSet } from "./native-gguf.js";
import type { LoadModelOptions, NativeCancel, NativeModel } from "./native-model.js";
import type { NativeTrajectories, PredictorTraining, TrainedPredictor } from "./native-predictor.js";
import type { NativeSearch, SearchOptions } from "./native-search.js";
import type {
  EmbedderOptions,
  NativeEmbedder,
  NativePrefixReader,
  NativeScorer,
  PrefixReaderOptions,
  ScorerOptions,
} from "./native-texts.js";

export type * from "./native-begin.js";
export type * from "./native-gguf.js";
export type * from "./native-model.js";
export type * from "./native-predictor.js";
export type * from "./native-search.js";
export type * from "./native-texts.js";

/** What opening an engine directory found. */
export interface EngineInfo {
  /** Absolute directory of the shared libraries. */
  dir: string;
  /** llama.cpp's own version string, for example "v0.4.0". */
  version: string;
  /** Directory of backends that were added, for example CUDA for an older driver. */
  backends?: string;
}

export interface OpenEngineOptions {
  /** A directory of further backends; "" for none. */
  backends: string;
  /** Loads the CPU's backend and no other. */
  cpuAlone: boolean;
}

/** A processor that llama.cpp can use. */
export interface Device {
  /** ggml's device name, for example "CPU", "CUDA0", "Vulkan0". */
  name: string;
  /** For people: the name of a card or processor. */
  description: string;
  /** ggml's backend registry name: "CPU", "CUDA", "Vulkan", "Metal", … */
  backend: string;
  /** "igpu" shares the memory of the processor; "accel" computes beside it. */
  type: "cpu" | "gpu" | "igpu" | "accel";
  /** Bytes; 0 when the backend does not say. */
  memoryFree: number;
  /** Bytes; 0 when the backend does not say. */
  memoryTotal: number;
}

/** What the addon was built with. */
export interface NativeLimits {
  /** Most slots of a search. */
  slots: number;
  /** Most drafts of a block. */
  drafts: number;
  /** Most steps of a window. */
  lookahead: number;
}

export interface Binding {
  readonly limits: NativeLimits;
  /** Opens llama.cpp's libraries in a directory; the same directories again are free. */
  openEngine(dir: string, options?: OpenEngineOptions): EngineInfo;
  /** What is open in this process, whichever thread opened it. */
  currentEngine(): EngineInfo | null;
  /** Memory of an RPC server's devices is 0: asking for it may have to wait. */
  devices(): Device[];
  /**
   * Adds the devices of a server of llama.cpp's RPC backend, and gives their names. `library` is the backend's, "" where the engine has one.
   * The same server again is asked whether it is still there. It waits for one that has another client.
   */
  addRpcServer(library: string, endpoint: string): Promise<string[]>;
  /**
   * llama.cpp's and ggml's log lines of this process; null silences them (the default). Each environment (the main thread, a worker)
   * has a callback of its own and gets every line.
   */
  setLogCallback(callback: ((level: "debug" | "info" | "warn" | "error", text: string) => void) | null): void;
  createCancel(): NativeCancel;
  /** onProgress: 0…1. */
  loadModel(options: LoadModelOptions, onProgress: ((progress: number) => void) | null): Promise<NativeModel>;
  /** The head and chat template in a file, on the weights of a model that is loaded: for one and the same trunk. */
  shareModel(model: NativeModel, path: string): Promise<NativeModel>;
  /** The same model with the LoRA adapter in a GGUF, on the same weights, which nothing may decode with meanwhile. It is tried with one token. */
  adaptModel(model: NativeModel, path: string): Promise<NativeModel>;
  /**
   * Null when `judge` can read what `policy` writes, else what differs, in words. Unused rows and control tokens that one of
   * them has more, or calls otherwise, are no difference: a search proposes no token that a reward model lacks.
   */
  vocabularyDifference(judge: NativeModel, policy: NativeModel): string | null;
  createSearch(options: SearchOptions): Promise<NativeSearch>;
  createScorer(options: ScorerOptions): Promise<NativeScorer>;
  createEmbedder(options: EmbedderOptions): Promise<NativeEmbedder>;
  createPrefixReader(options: PrefixReaderOptions): Promise<NativePrefixReader>;
  /** A GGUF, or all of a split model, of which `path` is any part. */
  readGguf(path: string): Promise<GgufFile>;
  /**
   * Copies a GGUF with other metadata, tensors streamed; it takes the place of an older one when it is whole and on disk. A
   * split model becomes one file.
   */
  rewriteGguf(source: string, target: string, set: GgufSet[], remove: string[]): Promise<void>;
  /** Writes a GGUF with its weights in another format ("f16", "q8_0", "q4_k_m", …); metadata is kept. Not atomic. */
  quantizeGguf(source: string, target: string, type: string, threads: number): Promise<void>;
  /**
   * Trains a reward predictor for the model of a file, of which it reads rows of the token embedding alone. Takes the loader's thread and as
   * many more. onProgress: after each pass, how many are done, of how many, and the share of the variance within steps that is explained.
   */
  trainPredictor(
    path: string,
    trajectories: NativeTrajectories,
    options: PredictorTraining,
    onProgress: ((done: number, most: number, explained: number) => void) | null,
  ): Promise<TrainedPredictor>;
  /** Ends every running call of this environment and frees what is left: for the process's exit. */
  shutdown(): void;
}

let loaded: Binding | undefined;

/**
 * The addon; loaded once in each thread.
 *
 * @throws ArgsearchError ADDON_NOT_FOUND
 */
export function binding(): Binding {
  if (loaded) return loaded;
  const addon = readingUnpacked(openAddon() as Binding);
  process.once("exit", () => addon.shutdown());
  loaded = addon;
  return addon;
}

/**
 * The addon opens files itself, and to it an Electron application's archive is no folder: whatever it reads is looked for where it was
 * unpacked. Callers need not know; what it writes can lie in no archive.
 */
function readingUnpacked(addon: Binding): Binding {
  return {
    ...addon,
    openEngine: (dir, options) => addon.openEngine(unpacked(dir), options && { ...options, backends: unpacked(options.backends) }),
    addRpcServer: (library, endpoint) => addon.addRpcServer(unpacked(library), endpoint),
    shareModel: (model, path) => addon.shareModel(model, unpacked(path)),
    adaptModel: (model, path) => addon.adaptModel(model, unpacked(path)),
    loadModel: (options, onProgress) => addon.loadModel({ ...options, path: unpacked(options.path) }, onProgress),
    readGguf: (path) => addon.readGguf(unpacked(path)),
    rewriteGguf: (source, target, set, remove) => addon.rewriteGguf(unpacked(source), target, set, remove),
    quantizeGguf: (source, target, type, threads) => addon.quantizeGguf(unpacked(source), target, type, threads),
    trainPredictor: (path, steps, options, onProgress) => addon.trainPredictor(unpacked(path), steps, options, onProgress),
  };
}
