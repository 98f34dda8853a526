/** Loads what the modes need: one decoder for all modes that load the same. */
import type { Decoder } from "../decode/decoder.js";
import { load } from "../decode/load.js";
import { ArgsearchError } from "../errors.js";
import type { GenerateOptions, LoadOptions, Prompt } from "../types.js";
import { type LeftOut, type Mode, SWITCHED_OFF, type Trunk } from "./modes.js";

/** A mode that can be measured. */
export interface OpenMode {
  mode: Mode;
  decoder: Decoder;
  /** What its calls are made with. */
  options: GenerateOptions;
}

/** The decoders of one point. dispose() when done. */
export class Decoders {
  readonly #decoders = new Map<Trunk, Decoder | string>();
  readonly #options: LoadOptions;

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  /** The modes that this version and these models allow, and why the others are left out. `trial`: any short prompt. */
  async open(modes: readonly Mode[], common: GenerateOptions, trial: Prompt): Promise<{ open: OpenMode[]; leftOut: LeftOut[] }> {
    const open: OpenMode[] = [];
    const leftOut: LeftOut[] = [];
    const base = await this.#switchedOff(common, trial);
    for (const mode of modes) {
      const decoder = await this.get(mode.trunk);
      const found = typeof decoder === "string" ? decoder : await accepted(decoder, mode, base, trial);
      if (typeof found === "string") leftOut.push({ mode: mode.name, reason: found });
      else open.push({ mode, decoder: decoder as Decoder, options: found });
    }
    return { open, leftOut };
  }

  /** The decoder, or why there is none. @throws ArgsearchError as load(), for the one whose models do not share */
  async get(trunk: Trunk): Promise<Decoder | string> {
    const found = this.#decoders.get(trunk) ?? (trunk === "own" ? await this.#own() : await this.#shared());
    this.#decoders.set(trunk, found);
    return found;
  }

  async dispose(): Promise<void> {
    for (const decoder of this.#decoders.values()) if (typeof decoder !== "string") await decoder.dispose();
    this.#decoders.clear();
  }

  /** With those of SWITCHED_OFF that this version has. */
  async #switchedOff(common: GenerateOptions, trial: Prompt): Promise<GenerateOptions> {
    const decoder = await this.get("own");
    if (typeof decoder === "string") return common;
    const off: object = {};
    for (const each of SWITCHED_OFF) {
      if ((await tried(decoder, { ...common, ...each }, trial)) === undefined) Object.assign(off, each);
    }
    return { ...common, ...off };
  }

  #own(): Promise<Decoder> {
    return load({ ...this.#options, shareTrunk: false });
  }

  async #shared(): Promise<Decoder | string> {
    const own = await this.get("own");
    if (typeof own === "string") return own;
    const decoder = await load(this.#options);
    if (decoder.info.sharedTrunk) return decoder;
    await decoder.dispose();
    return "policy and reward model are not one trunk";
  }
}

/** The options that the mode's calls are made with, or why it cannot be had. */
async function accepted(decoder: Decoder, mode: Mode, common: GenerateOptions, trial: Prompt): Promise<GenerateOptions | string> {
  const options: GenerateOptions = { ...common, ...mode.decode };
  const failure = await tried(decoder, options, trial);
  if (failure === undefined) return options;
  if (mode.required) throw failure;
  return / has no option /.test(failure.message) ? `this version has no option ${failure.option}` : failure.message;
}

/** What is wrong with the options, tried on one token. @throws what no option is to blame for */
async function tried(decoder: Decoder, options: GenerateOptions, trial: Prompt): Promise<ArgsearchError | undefined> {
  try {
    await decoder.generate(trial, { ...options, maxTokens: 1 });
    return undefined;
  } catch (error) {
    if (error instanceof ArgsearchError && error.code !== "ABORTED") return error;
    throw error;
  }
}
