/** Where the models of a provider come from. */
import { basename } from "node:path";
import type { Decoder } from "../decode/decoder.js";
import { disposedError } from "../decode/disposed.js";
import { load } from "../decode/load.js";
import { resolveLoad } from "../decode/load-options.js";
import { unlessAborted } from "../engine/abort.js";
import { ArgsearchError } from "../errors.js";
import type { RewardModel } from "../score/reward-model.js";
import type { LoadOptions } from "../types.js";
import { plainObject } from "../validate.js";

/** Options of load(), or what was loaded already. */
export type ProviderSource = LoadOptions | Decoder | RewardModel;

/** Models that are loaded when they are first asked for, once for all who ask meanwhile; after a failure the next who asks tries again. */
export class Source {
  /** The name of what decodes, or rates. */
  readonly name: string;
  readonly #open: () => Promise<Decoder | RewardModel>;
  /** Somebody else's are not ours to end. */
  readonly #owned: boolean;
  #opened: Promise<Decoder | RewardModel> | undefined;
  #disposal: Promise<void> | undefined;

  /** @throws ArgsearchError OPTION_INVALID */
  constructor(source: ProviderSource) {
    this.#owned = !isLoaded(plainObject("the options of createArgsearch()", source));
    if (isLoaded(source)) {
      this.name = nameOf("policy" in source.info ? source.info.policy.path : source.info.rewards[0]?.path);
      this.#open = () => Promise.resolve(source);
    } else {
      this.name = nameOf(resolveLoad(source).policy);
      this.#open = () => load(source);
    }
  }

  /** @throws ArgsearchError as load(); OPTION_INVALID where there is only a reward model; what the signal was aborted with */
  async decoder(signal?: AbortSignal): Promise<Decoder> {
    const models = await this.models(signal);
    if ("generate" in models) return models;
    throw new ArgsearchError(
      "OPTION_INVALID",
      "createArgsearch() was given a reward model, which ranks and does not write: give it a decoder",
      {
        option: "policy",
      },
    );
  }

  /** What rates. @throws ArgsearchError as load(); what the signal was aborted with */
  async models(signal?: AbortSignal): Promise<Decoder | RewardModel> {
    signal?.throwIfAborted();
    if (this.#disposal !== undefined) throw disposedError();
    const models = await unlessAborted(this.#load(), [signal]);
    signal?.throwIfAborted();
    return models as Decoder | RewardModel;
  }

  #load(): Promise<Decoder | RewardModel> {
    if (this.#opened !== undefined) return this.#opened;
    const opened = this.#open();
    this.#opened = opened;
    opened.catch(() => {
      if (this.#opened === opened) this.#opened = undefined;
    });
    return opened;
  }

  dispose(): Promise<void> {
    this.#disposal ??= this.#owned ? this.#end() : Promise.resolve();
    return this.#disposal;
  }

  async #end(): Promise<void> {
    const models = await this.#opened?.catch(() => undefined);
    await models?.dispose();
  }
}

function isLoaded(source: object): source is Decoder | RewardModel {
  return "score" in source && typeof source.score === "function";
}

function nameOf(path: string | undefined): string {
  return path === undefined ? "argsearch" : basename(path, ".gguf");
}
