/** Texts and tokens of a decoder's policy, for programs that keep to a budget. */
import type { Model } from "../model/model.js";
import { TEMPLATE, templateOf } from "../model/template-options.js";
import { decodeText } from "../model/text-decoder.js";
import type { DetokenizeOptions, Prompt, TemplateOptions, TokenizeOptions } from "../types.js";
import { boolean, checkNames, given, integer, invalid, type Names } from "../validate.js";

const TOKENIZE: Names<TokenizeOptions> = { special: true };
const DETOKENIZE: Names<DetokenizeOptions> = { special: true };

export function tokenize(policy: Model, text: string, options: TokenizeOptions = {}): number[] {
  checkNames("tokenize()", options, TOKENIZE);
  if (typeof text !== "string") throw invalid("text", "a string", text);
  return [...policy.textTokens(text, specialOf(options))];
}

export function detokenize(policy: Model, tokens: ArrayLike<number>, options: DetokenizeOptions = {}): string {
  checkNames("detokenize()", options, DETOKENIZE);
  return decodeText(Buffer.concat(policy.pieces(idsOf(policy, tokens), specialOf(options))));
}

export function pieces(policy: Model, tokens: ArrayLike<number>): Uint8Array[] {
  return policy.pieces(idsOf(policy, tokens));
}

function idsOf(policy: Model, tokens: ArrayLike<number>): Int32Array {
  if (typeof tokens !== "object" || tokens === null || !Number.isInteger(tokens.length))
    throw invalid("tokens", "an array of token ids", tokens);
  const range = { min: 0, max: policy.info.nVocab - 1, note: "the vocabulary" };
  return Int32Array.from(tokens, (token, index) => integer(`tokens[${index}]`, token, range));
}

export function countTokens(policy: Model, prompt: Prompt, options: TemplateOptions = {}): number {
  checkNames("countTokens()", options, TEMPLATE);
  return policy.promptTokens(prompt, templateOf(options)).length;
}

export function render(policy: Model, prompt: Prompt, options: TemplateOptions = {}): string {
  checkNames("render()", options, TEMPLATE);
  return policy.promptText(prompt, templateOf(options));
}

function specialOf({ special }: { special?: boolean | undefined }): boolean {
  return given(special, false, (value) => boolean("special", value));
}
