/** The policy's samplers: defaults, validation, and what the engine gets. */
import type { NativeSamplers } from "../engine/binding.js";
import { ArgsearchError } from "../errors.js";
import { checkGrammar } from "../grammar/check-grammar.js";
import { grammarOfSchema } from "../grammar/json-schema.js";
import type { SamplerOptions } from "../types.js";
import { finite, given, integer, invalid, type Names, nonEmptyText, number, plainObject } from "../validate.js";

export const SAMPLERS: Names<SamplerOptions> = {
  logitBias: true,
  grammar: true,
  jsonSchema: true,
  repeatPenalty: true,
  repeatLastN: true,
  presencePenalty: true,
  frequencyPenalty: true,
  dryMultiplier: true,
  dryBase: true,
  dryAllowedLength: true,
  dryPenaltyLastN: true,
  drySequenceBreakers: true,
  topNSigma: true,
  topP: true,
  minP: true,
  xtcProbability: true,
  xtcThreshold: true,
  policyTemperature: true,
};

/** llama.cpp's. */
const DRY_BREAKERS = ["\n", ":", '"', "*"];
/** Bytes of a sequence breaker; llama.cpp would cut what is longer. */
const LONGEST_BREAKER = 40;

const POSITIVE = { min: 0, max: Number.POSITIVE_INFINITY, above: true };
const FROM_ZERO = { min: 0, max: Number.POSITIVE_INFINITY };
const SHARE = { min: 0, max: 1 };

/** What samplers depend on. */
export interface SamplerContext {
  vocabulary: number;
  /** Tokens of the longest response that there can be: what a window of -1 is. The engine would take -1 for 0. */
  longest: number;
  /** Defaults that depend on the method. */
  topP: number;
  policyTemperature: number;
  dryMultiplier: number;
}

/** @throws ArgsearchError OPTION_INVALID, SCHEMA_INVALID, GRAMMAR_INVALID */
export function resolveSamplers(options: SamplerOptions, context: SamplerContext): NativeSamplers {
  const window = { min: -1, max: Number.MAX_SAFE_INTEGER, note: "-1: the whole response" };
  const lastN = (name: string, value: number): number => {
    const tokens = integer(name, value, window);
    return tokens === -1 ? context.longest : Math.min(tokens, context.longest);
  };
  return {
    ...biasesOf(options.logitBias, context.vocabulary),
    grammar: grammarOf(options),
    repeatPenalty: given(options.repeatPenalty, 1, (value) => number("repeatPenalty", value, POSITIVE)),
    repeatLastN: lastN("repeatLastN", options.repeatLastN ?? 64),
    presencePenalty: given(options.presencePenalty, 0, (value) => finite("presencePenalty", value)),
    frequencyPenalty: given(options.frequencyPenalty, 0, (value) => finite("frequencyPenalty", value)),
    dryMultiplier: given(options.dryMultiplier, context.dryMultiplier, (value) => number("dryMultiplier", value, FROM_ZERO)),
    dryBase: given(options.dryBase, 1.75, (value) => number("dryBase", value, { min: 1, max: Number.POSITIVE_INFINITY })),
    dryAllowedLength: given(options.dryAllowedLength, 2, (value) => integer("dryAllowedLength", value, { min: 0, max: 2 ** 31 - 1 })),
    dryPenaltyLastN: lastN("dryPenaltyLastN", options.dryPenaltyLastN ?? -1),
    drySequenceBreakers: given(options.drySequenceBreakers, DRY_BREAKERS, breakersOf),
    topNSigma: Math.max(
      0,
      given(options.topNSigma, 0, (value) => finite("topNSigma", value)),
    ),
    topP: given(options.topP, context.topP, (value) => number("topP", value, { min: 0, max: 1, above: true })),
    minP: given(options.minP, 0, (value) => number("minP", value, SHARE)),
    xtcProbability: given(options.xtcProbability, 0, (value) => number("xtcProbability", value, SHARE)),
    xtcThreshold: given(options.xtcThreshold, 0.1, (value) => number("xtcThreshold", value, SHARE)),
    policyTemperature: given(options.policyTemperature, context.policyTemperature, (value) => number("policyTemperature", value, POSITIVE)),
  };
}

/** Object keys are texts; ids are integers of the vocabulary. */
function biasesOf(biases: SamplerOptions["logitBias"], vocabulary: number): Pick<NativeSamplers, "biasedTokens" | "biases"> {
  const entries = Object.entries(biases === undefined ? {} : plainObject("logitBias", biases));
  const ids = entries.map(([key]) => {
    const id = /^\d+$/.test(key) ? Number(key) : Number.NaN;
    if (id < vocabulary) return id;
    throw invalid("logitBias", `of token ids below ${vocabulary}, the vocabulary`, key);
  });
  const values = entries.map(([key, value]) => {
    if (value === false || value === Number.NEGATIVE_INFINITY) return Number.NEGATIVE_INFINITY;
    return finite(`logitBias[${key}]`, value);
  });
  return { biasedTokens: Int32Array.from(ids), biases: Float64Array.from(values) };
}

function grammarOf({ grammar, jsonSchema }: SamplerOptions): string {
  if (grammar === undefined) return jsonSchema === undefined ? "" : grammarOfSchema(jsonSchema);
  if (jsonSchema === undefined) return checkedGrammar(grammar);
  throw new ArgsearchError("OPTION_INVALID", "grammar and jsonSchema exclude each other: give one of them", { option: "grammar" });
}

function checkedGrammar(grammar: string): string {
  checkGrammar(nonEmptyText("grammar", grammar));
  return grammar;
}

function breakersOf(texts: readonly string[]): readonly string[] {
  if (!Array.isArray(texts)) throw invalid("drySequenceBreakers", "an array of texts", texts);
  return texts.map((text: unknown, index) => {
    const name = `drySequenceBreakers[${index}]`;
    const breaker = nonEmptyText(name, text);
    if (Buffer.byteLength(breaker) <= LONGEST_BREAKER && !breaker.includes("\0")) return breaker;
    throw invalid(name, `a text of at most ${LONGEST_BREAKER} bytes, without NUL`, text, "drySequenceBreakers");
  });
}
