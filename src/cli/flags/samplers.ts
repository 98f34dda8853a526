/** The flags of the policy's samplers, named as llama.cpp names them. */
import { readFileSync } from "node:fs";
import { type Command, InvalidArgumentError } from "commander";
import type { SamplerOptions } from "../../index.js";
import { ESCAPES, escapedTexts, integer, number, parseNumber } from "./values.js";

const SAME = [
  "repeatPenalty",
  "repeatLastN",
  "presencePenalty",
  "frequencyPenalty",
  "dryMultiplier",
  "dryBase",
  "dryAllowedLength",
  "dryPenaltyLastN",
  "topNSigma",
  "topP",
  "minP",
  "xtcProbability",
  "xtcThreshold",
  "policyTemperature",
] as const;

export interface SamplerFlags extends Pick<SamplerOptions, (typeof SAME)[number]> {
  drySequenceBreaker?: string[];
  logitBias?: [id: number, bias: number][];
  grammarFile?: string;
  jsonSchemaFile?: object | boolean;
}

/** @param dry the default of the multiplier, in words */
export function addSamplerFlags(command: Command, dry = "0.8 for args, blocks without a grammar; else 0 = off"): void {
  command
    .optionsGroup("The policy's samplers, before candidates are taken:")
    .option("--dry-multiplier <x>", `DRY: penalty of a token that would lengthen a repeated sequence (default: ${dry})`, number)
    .option("--dry-base <x>", "its growth with each further token (default: 1.75)", number)
    .option("--dry-allowed-length <n>", "longest repetition without penalty (default: 2)", integer)
    .option("--dry-penalty-last-n <n>", "tokens of the response it looks back at; -1: all (default: -1)", integer)
    .option("--dry-sequence-breaker <text>", `ends a repeated sequence; repeatable; "none" for none; ${ESCAPES}`, escapedTexts)
    .option("--repeat-penalty <x>", "divides logits of recent tokens (default: 1 = off; with guidance, prefer DRY)", number)
    .option("--repeat-last-n <n>", "recent tokens; -1: all of the response (default: 64)", integer)
    .option("--presence-penalty <x>", "taken from logits of recent tokens (default: 0)", number)
    .option("--frequency-penalty <x>", "as often as they were taken (default: 0)", number)
    .option("--top-n-sigma <n>", "tokens within n deviations of the best logit (default: 0 = off)", number)
    .option("--top-p <p>", "the likeliest tokens that hold p of the probability (default: 1 = off; 0.95 for sample, blocks)", number)
    .option("--min-p <p>", "tokens with p of the likeliest one's probability (default: 0 = off)", number)
    .option("--xtc-probability <p>", "chance of dropping the likeliest tokens (default: 0 = off)", number)
    .option("--xtc-threshold <p>", "those above p, but for one (default: 0.1)", number)
    .option("--policy-temperature <t>", "of the policy's distribution (default: 1; 0.8 for blocks)", number)
    .option("-l, --logit-bias <id+x>", 'added to a token\'s logit: "15043+1", "15043-2.5", "15043-inf" bans it; repeatable', logitBias)
    .option("--grammar-file <file>", "GBNF that the response follows", fileText)
    .option("--json-schema-file <file>", "JSON schema that the response follows", fileJson);
}

export function samplerOptions(flags: SamplerFlags): SamplerOptions {
  const { drySequenceBreaker: breakers, logitBias: biases, grammarFile: grammar, jsonSchemaFile: jsonSchema } = flags;
  return {
    ...Object.fromEntries(SAME.map((name) => [name, flags[name]])),
    drySequenceBreakers: breakers?.filter((text) => text !== "none"),
    logitBias: biases && Object.fromEntries(biases),
    grammar,
    jsonSchema,
  };
}

function fileText(path: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    throw new InvalidArgumentError(`It is read from a file: ${(error as Error).message}.`);
  }
}

function fileJson(path: string): object | boolean {
  const text = fileText(path);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InvalidArgumentError(`${path} is not JSON: ${(error as Error).message}.`);
  }
}

/** `ID+BIAS` or `ID-BIAS`, as in llama.cpp. */
function logitBias(text: string, previous: [number, number][] = []): [number, number][] {
  const [, id, sign, value] = /^(\d+)([+-])(.+)$/.exec(text) ?? [];
  const bias = value === "inf" ? Number.POSITIVE_INFINITY : parseNumber(value ?? "");
  if (id === undefined || bias === undefined) {
    throw new InvalidArgumentError(`Expected a token's number and a bias as ID+BIAS or ID-BIAS, such as 15043-2.5, got "${text}".`);
  }
  return [...previous, [integer(id), sign === "-" ? -bias : bias]];
}
