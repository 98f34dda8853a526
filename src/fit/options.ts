/** What fitReward() takes and gives. */

import type { PreferencePair } from "../data/pair-formats.js";
import { PAIR_FORMAT_NAMES, type PairFormat } from "../data/read.js";
import type { ArgsearchError } from "../errors.js";
import { MODEL, modelOf, pickModelOptions, type ResolvedModelOptions } from "../model/options.js";
import { type ResolvedTemplate, TEMPLATE, templateOf, today } from "../model/template-options.js";
import type { ModelOptions, TemplateOptions } from "../types.js";
import { boolean, callback, checkNames, given, integer, invalid, type Names, nonEmptyText, number, oneOf } from "../validate.js";
import type { PlaceAccuracy } from "./accuracy.js";
import type { Trial } from "./cross-validate.js";
import type { EndLevel } from "./reward-levels.js";

/** Path of JSON lines in any of the pair formats, or the pairs themselves. */
export type PairSource = string | Iterable<PreferencePair> | AsyncIterable<PreferencePair>;

export interface FitOptions extends Omit<ModelOptions, "onProgress">, TemplateOptions {
  /** Path of the trunk's GGUF, or its name on the Hub ("hf:OWNER/REPO:Q8_0"): any model that llama.cpp reads causally. It stays as it is. */
  model: string;
  /** Path of JSON lines in any of the pair formats, or the pairs themselves. */
  pairs: PairSource;
  /** Path of the reward model to write. Hidden states grow in `out` + ".features" beside it until it is done. */
  out: string;
  /** Default "auto": each line by its fields. */
  format?: PairFormat | "auto" | undefined;
  /** Pairs that only check the fit: a share below 1, a count, or a file of their own; default 0.2; 0: none. */
  heldOut?: number | string | undefined;
  /** Most pairs to take, held-out ones among them; default all. */
  limit?: number | undefined;
  /** Decides which pairs are held out and how folds are made; default 0. */
  seed?: number | undefined;
  /** Share of the pairs that are also read as long texts, and against copies that repeat themselves; default 0.1; 0: none. */
  repetition?: number | undefined;
  /** How much the squared differences between a preferred response's readings count; default: as cross-validation finds; 0: not. */
  consistency?: number | undefined;
  /** A chat template in place of the model's own: its text, Jinja. The new file has it, too. */
  chatTemplate?: string | undefined;
  /** Keep the hidden states: another fit with the same model and pairs then takes seconds. Default false. */
  keepFeatures?: boolean | undefined;
  /** Called as pairs are read and the head is fitted. */
  onProgress?: ((progress: FitProgress) => void) | undefined;
  /** Called with each pair that is left out. */
  onBadPair?: ((bad: BadPair) => void) | undefined;
}

/** How far a fit is. */
export interface FitProgress {
  /** Loading the model, reading pairs (nearly all of the time), then the regression. */
  phase: "load" | "read" | "fit";
  /** Of `total`, in the phase's own steps. */
  done: number;
  /** 0 when it is not known. */
  total: number;
}

/** A pair that is left out, and why. */
export interface BadPair {
  /** Null for pairs that came from the program. */
  file: string | null;
  /** Line of the file, or place among the pairs (of a program or a JSON array), from 1. */
  line: number;
  /** The same in words: "line 3", "pair 3", or "record 3 (line 17)". */
  place: string;
  error: ArgsearchError;
}

/** What a fit learned, and how good it is. */
export interface FitResult {
  out: string;
  pairs: {
    /** Lines or pairs that were looked at. */
    read: number;
    /** Of these, left out: malformed, identical sides, responses longer than the context that part too late. */
    skipped: number;
    /** Of these, used as far as the context goes: with a prompt cut from the left, or without the end of a longer response. */
    cut: number;
    /** Pairs of a held-out file that are among those to fit on, and left out of the check. */
    shared: number;
    training: number;
    heldOut: number;
  };
  /** On held-out pairs, the ends last; empty when nothing was held out. */
  accuracy: PlaceAccuracy[];
  /** The same for preferred responses against copies that repeat themselves. */
  repetition: PlaceAccuracy[];
  /** On held-out pairs; null when none was read at the end of the turn. */
  endLevel: EndLevel | null;
  /** How much the squared differences between a preferred response's readings counted. */
  consistency: number;
  /** Strength of the regularisation, and what cross-validation saw. */
  strength: number;
  trials: Trial[];
  /** The strength is the strongest tried: the pairs teach next to nothing. */
  strongest: boolean;
  /** Of the raw reward over the training pairs: reported rewards there have mean 0 and deviation 1. */
  shift: number;
  scale: number;
}

export interface ResolvedFit {
  model: string;
  pairs: PairSource;
  out: string;
  format: PairFormat | "auto";
  heldOut: number | string;
  limit: number;
  seed: number;
  repetition: number;
  consistency: number | undefined;
  chatTemplate: string | undefined;
  template: ResolvedTemplate;
  keepFeatures: boolean;
  onProgress: (progress: FitProgress) => void;
  onBadPair: (bad: BadPair) => void;
  load: ResolvedModelOptions;
}

const OWN: Names<Omit<FitOptions, keyof Omit<ModelOptions, "onProgress">>> = {
  model: true,
  pairs: true,
  out: true,
  format: true,
  heldOut: true,
  limit: true,
  seed: true,
  repetition: true,
  consistency: true,
  ...TEMPLATE,
  chatTemplate: true,
  keepFeatures: true,
  onProgress: true,
  onBadPair: true,
};

/** @throws ArgsearchError OPTION_INVALID */
export function resolveFit(options: FitOptions): ResolvedFit {
  checkNames("fitReward()", options, { ...OWN, ...MODEL });
  const { model, pairs, out, format = "auto", heldOut = 0.2, limit, seed = 0, repetition = 0.1, keepFeatures = false } = options;
  const { onProgress = () => {}, onBadPair = () => {} } = options;
  const reportLoad = (progress: number): void => onProgress({ phase: "load", done: progress, total: 1 });
  return {
    model: nonEmptyText("model", model),
    pairs: pairSource(pairs),
    out: nonEmptyText("out", out),
    format: oneOf("format", format, ["auto", ...PAIR_FORMAT_NAMES]),
    heldOut: typeof heldOut === "string" ? nonEmptyText("heldOut", heldOut) : heldOutCount(heldOut),
    limit: limit === undefined ? Number.POSITIVE_INFINITY : integer("limit", limit, { min: 1, max: Number.MAX_SAFE_INTEGER }),
    seed: integer("seed", seed, { min: 0, max: 2 ** 32 - 1 }),
    repetition: number("repetition", repetition, { min: 0, max: 1 }),
    consistency: given(options.consistency, undefined, (value) => number("consistency", value, { min: 0, max: 1e6 })),
    chatTemplate: given(options.chatTemplate, undefined, (value) => nonEmptyText("chatTemplate", value)),
    template: templateOf(options, today()),
    keepFeatures: boolean("keepFeatures", keepFeatures),
    onProgress: callback("onProgress", onProgress),
    onBadPair: callback("onBadPair", onBadPair),
    load: modelOf({ ...pickModelOptions(options), onProgress: reportLoad }),
  };
}

function heldOutCount(value: number): number {
  const range = { min: 0, max: Number.MAX_SAFE_INTEGER, note: "a share below 1 or a count" };
  return number("heldOut", value, range) < 1 ? value : integer("heldOut", value, range);
}

function pairSource(pairs: PairSource): PairSource {
  if (typeof pairs === "string") return nonEmptyText("pairs", pairs);
  if (typeof pairs === "object" && pairs !== null && (Symbol.iterator in pairs || Symbol.asyncIterator in pairs)) return pairs;
  throw invalid("pairs", "a path, or pairs to iterate over", pairs);
}
