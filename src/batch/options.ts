/** What answering a data file takes: the options of one response, and the file's own. */
import type { PromptFormat } from "../data/read.js";
import type { Decoder } from "../decode/decoder.js";
import { GENERATE, limitsOf, type ResolvedGenerate, resolveGenerate } from "../decode/options.js";
import { withSettings } from "../decode/settings.js";
import { ArgsearchError } from "../errors.js";
import type { BadLine } from "../files/json-lines.js";
import type { GenerateOptions } from "../types.js";
import { boolean, callback, checkNames, given, integer, type Names } from "../validate.js";

/** What generateLines() takes. */
export interface GenerateLinesOptions extends Omit<GenerateOptions, "candidates" | "topLogProbs" | "slot" | "conversation" | "onStep"> {
  /** Default "auto": each line by its fields. */
  format?: PromptFormat | "auto" | undefined;
  /** Responses of each line, from 1, told apart by `number`; default one, without a number. A method that draws nothing gives the same each time. */
  n?: number | undefined;
  /** What of each token is known: ids, log-probabilities, rewards; default true. */
  tokens?: boolean | undefined;
  /** 0…2^32-1, default 0: what the seed of each response is made of, together with its line and number. */
  seed?: number | undefined;
  /** Called with each line that cannot be read or answered, once; the others go on. */
  onBadLine?: ((bad: BadLine) => void) | undefined;
}

const { candidates: _candidates, topLogProbs: _top, slot: _slot, conversation: _conversation, onStep: _onStep, ...RESPONSE } = GENERATE;
const LINES: Names<GenerateLinesOptions> = { ...RESPONSE, format: true, n: true, tokens: true, onBadLine: true };

export interface ResolvedLines {
  format: PromptFormat | "auto";
  n: number | undefined;
  tokens: boolean;
  seed: number;
  onBadLine: (bad: BadLine) => void;
  /** Of each response; all read one clock. */
  each: GenerateOptions & { date: Date | string };
  /** The same without gaps, but for what is each one's own. */
  settings: Omit<ResolvedGenerate, "seed" | "template" | "candidates" | "topLogProbs" | "slot" | "conversation" | "onStep" | "signal">;
}

/** `what` takes them. @throws ArgsearchError OPTION_INVALID */
export function resolveLines(decoder: Decoder, options: GenerateLinesOptions, what: string): ResolvedLines {
  checkNames(what, options, LINES);
  const { format = "auto", n, tokens, seed, onBadLine = () => {}, ...response } = options;
  const resolved = resolveGenerate(withSettings(decoder.info.settings, { ...response, seed: seed ?? 0 }), limitsOf(decoder.info));
  if (resolved.lookahead.adapts) {
    const message = `lookahead "auto" goes by measured times, and a file that goes on would round in other places: give ${what} a number of steps, or "off"`;
    throw new ArgsearchError("OPTION_INVALID", message, { option: "lookahead" });
  }
  const {
    seed: base,
    template: _template,
    candidates: _,
    topLogProbs: __,
    slot: ___,
    conversation: ____,
    onStep: _____,
    signal: ______,
    ...settings
  } = resolved;
  return {
    format,
    n: given(n, undefined, (value) => integer("n", value, { min: 1, max: 2 ** 16 })),
    tokens: given(tokens, true, (value) => boolean("tokens", value)),
    seed: base,
    onBadLine: callback("onBadLine", onBadLine),
    each: { ...response, date: response.date ?? new Date() },
    settings,
  };
}
