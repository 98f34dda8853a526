/** Loads what the modes need: one decoder for all modes that load the same. */
import type { Decoder } from "../decode/decoder.js";
import { load } from "../decode/load.js";
import { ArgsearchError } from "../errors.js";
import type { GenerateOptions, LoadOptions, Prompt } from "../types.js";
import type { LeftOut, Mode, Trunk } from "./modes.js";

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
    for (const mode of modes) {
      const decoder = await this.get(mode.trunk);
      const found = typeof decoder === "string" ? decoder : await accepted(decoder, mode, common, trial);
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

  async #own(): Promise<Decoder> {
    const apart: LoadOptions & { shareTrunk: boolean } = { ...this.#options, shareTrunk: false };
    try {
      return await load(apart);
    } catch (error) {
      if (error instanceof ArgsearchError && error.option === "shareTrunk") return load(this.#options); // a version without it
      throw error;
    }
  }

  async #shared(): Promise<Decoder | string> {
    const own = await this.get("own");
    if (typeof own === "string" || !("sharedTrunk" in own.info)) return "this version shares no trunk";
    const decoder = await load(this.#options);
    if ((decoder.info as { sharedTrunk?: boolean }).sharedTrunk === true) return decoder;
    await decoder.dispose();
    return "policy and reward model are not one trunk";
  }
}

/** The options that the mode's calls are made with, or why it cannot be had: tried on one token. */
async function accepted(decoder: Decoder, mode: Mode, common: GenerateOptions, trial: Prompt): Promise<GenerateOptions | string> {
  let reason = "";
  for (const decode of mode.decode) {
    const options = { ...common, ...decode };
    try {
      await decoder.generate(trial, { ...options, maxTokens: 1 });
      return options;
    } catch (error) {
      if (mode.required || !(error instanceof ArgsearchError) || error.code === "ABORTED") throw error;
      reason = / has no option /.test(error.message) ? `this version has no option ${error.option}` : error.message;
    }
  }
  return reason;
}
