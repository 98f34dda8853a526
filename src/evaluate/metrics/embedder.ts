import { abortedError, cancellable, throwIfAborted } from "../../engine/abort.js";
import { binding, type ModelInfo, type NativeEmbedder, type Pooling } from "../../engine/binding.js";
import { chooseEngine } from "../../engine/choice.js";
import { native } from "../../engine/native.js";
import { ArgsearchError } from "../../errors.js";
import { loadModels } from "../../model/load-models.js";
import type { Model } from "../../model/model.js";
import { contextFor, resolveModel } from "../../model/options.js";
import { withFilesToLoad } from "../../reward/hub-models.js";
import type { ModelOptions } from "../../types.js";
import { nonEmptyText, oneOf } from "../../validate.js";

export interface EmbedderLoadOptions extends ModelOptions {
  /** Path of a GGUF, or its name on the Hub, that makes sentence embeddings: BERT and its like, or an embedding decoder. */
  model: string;
  /** How token states become one vector; default "auto": as the file says. SimCSE files often do not: "cls". */
  pooling?: Pooling | undefined;
}

/** What a loaded embedding model is. */
export interface EmbedderInfo {
  model: ModelInfo;
  /** Longest text, tokens; longer ones are cut at the end. */
  contextSize: number;
}

/** Texts that share a batch. */
const SEQUENCES = 32;

/** Sentence embeddings through llama.cpp. Made by loadEmbedder(). */
export class Embedder implements AsyncDisposable {
  readonly info: Readonly<EmbedderInfo>;
  readonly #model: Model;
  readonly #embedder: NativeEmbedder;
  #disposal: Promise<void> | undefined;

  /** @internal Use loadEmbedder(). */
  constructor(model: Model, embedder: NativeEmbedder, contextSize: number) {
    this.#model = model;
    this.#embedder = embedder;
    this.info = { model: model.info, contextSize };
  }

  /** dispose() has been called. */
  get disposed(): boolean {
    return this.#disposal !== undefined;
  }

  /**
   * One vector of length 1 a text, in their order; many texts share batches. A text that is too long is cut at its end, the
   * closing token kept, as transformers' truncation does.
   *
   * @throws ArgsearchError INPUT_INVALID for a text without a token, ABORTED, DECODE_FAILED, DISPOSED
   */
  async embed(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]> {
    if (this.disposed) throw new ArgsearchError("DISPOSED", "the embedder has been disposed of: loadEmbedder() another");
    throwIfAborted(signal);
    const tokens = texts.map((text) => this.#tokens(text));
    try {
      return await cancellable([signal], (cancel) => native(() => this.#embedder.embed(tokens, cancel)));
    } catch (error) {
      if (signal?.aborted) throw abortedError(signal);
      throw error;
    }
  }

  /** Frees the memory, then resolves. Twice gives the same promise. */
  dispose(): Promise<void> {
    this.#disposal ??= native(() => this.#embedder.dispose()).finally(() => this.#model.dispose());
    return this.#disposal;
  }

  /** dispose(), for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  #tokens(text: string): Int32Array {
    const tokens = native(() => this.#model.native.tokenize(text, true, false));
    if (tokens.length === 0) throw new ArgsearchError("INPUT_INVALID", "a text to embed has no tokens");
    const { contextSize } = this.info;
    if (tokens.length <= contextSize) return tokens;
    const cut = tokens.slice(0, contextSize);
    cut[contextSize - 1] = tokens[tokens.length - 1] ?? 0;
    return cut;
  }
}

/**
 * Loads a model that makes sentence embeddings.
 *
 * @throws ArgsearchError as load(); MODEL_UNSUPPORTED when the file does not say how to pool and the options do not either
 */
export async function loadEmbedder(options: EmbedderLoadOptions): Promise<Embedder> {
  nonEmptyText("model", options.model);
  const { model: path, pooling, ...load } = await withFilesToLoad(options);
  const how = pooling === undefined ? "auto" : oneOf("pooling", pooling, ["auto", "mean", "cls", "last"]);
  const resolved = resolveModel("loadEmbedder()", load);
  const { gpu } = await chooseEngine(resolved, resolved.signal);
  const [model] = await loadModels([{ path }], { ...resolved, gpu });
  if (model === undefined) throw new Error("no embedding model was loaded");
  try {
    const context = contextFor(resolved, [model.info]);
    const options = { ...context, sequences: SEQUENCES, model: model.native, pooling: how };
    return new Embedder(model, await native(() => binding().createEmbedder(options)), context.contextSize);
  } catch (error) {
    model.dispose();
    throw error;
  }
}
