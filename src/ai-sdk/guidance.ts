/** The AI SDK's call settings, and this provider's own, as options of generate(). */
import type { DecoderInfo } from "../decode/decoder.js";
import { defaultMethod, longestResponse, seedOf } from "../decode/foreign-calls.js";
import { CANDIDATES, isGuided } from "../decode/method-defaults.js";
import { GENERATE } from "../decode/options.js";
import { withSettings } from "../decode/settings.js";
import type { GenerateOptions, Method } from "../types.js";
import { checkNames, type Names } from "../validate.js";
import type { LanguageModelCall, ModelWarning } from "./interface.js";
import { unsupported } from "./unsupported.js";

/**
 * What `providerOptions.argsearch` of a language model takes: how a response is guided, by the names, ranges and defaults of
 * GenerateOptions. What stands here goes before the SDK's settings of the same meaning. `weight: 0`: the plain path, "greedy" or "sample", which
 * asks no reward for anything, so that bans of reward functions do not hold either; `rewards: true` beside it rates what it chose.
 */
export interface LanguageModelOptions extends Omit<GenerateOptions, "onStep" | "signal"> {}

const { onStep: _, signal: __, ...OPTIONS } = GENERATE;
const NAMES: Names<LanguageModelOptions> = OPTIONS;

/** A call as the decoder takes it. */
export interface Guidance {
  options: GenerateOptions;
  /** The one that the response is decoded by. */
  method: Method;
}

/** @throws ArgsearchError OPTION_INVALID */
export function guidanceOf(call: LanguageModelCall, info: DecoderInfo, warnings: ModelWarning[]): Guidance {
  warnOfTools(call, warnings);
  if (call.reasoning !== undefined && call.reasoning !== "provider-default") {
    const details = "a chat template that knows of it is told by templateVariables of providerOptions.argsearch";
    warnings.push({ type: "unsupported", feature: "reasoning", details });
  }
  const own = ownOptions(call.providerOptions);
  const common = given({
    maxTokens: call.maxOutputTokens ?? longestResponse(info),
    stop: call.stopSequences,
    seed: call.seed === undefined ? undefined : seedOf(call.seed),
    topP: call.topP,
    presencePenalty: call.presencePenalty,
    frequencyPenalty: call.frequencyPenalty,
    ...schemaOf(call),
  });
  const { method, chosen } = choose(call, own, info, warnings);
  return { method, options: { ...common, ...chosen, signal: call.abortSignal } };
}

function warnOfTools({ tools = [], toolChoice }: LanguageModelCall, warnings: ModelWarning[]): void {
  if (toolChoice?.type === "required" || toolChoice?.type === "tool") {
    throw unsupported("toolChoice", `toolChoice "${toolChoice.type}" cannot be kept: argsearch calls no tools`);
  }
  if (tools.length > 0 && toolChoice?.type !== "none")
    warnings.push({ type: "unsupported", feature: "tools", details: "they were left out" });
}

function ownOptions(providerOptions: LanguageModelCall["providerOptions"]): LanguageModelOptions {
  const own = providerOptions?.argsearch ?? {};
  checkNames("providerOptions.argsearch", own, NAMES);
  return given(own);
}

/** Without those that are undefined. */
function given<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}

/** Any JSON where no schema is given. */
function schemaOf({ responseFormat }: LanguageModelCall): Pick<GenerateOptions, "jsonSchema"> {
  return responseFormat?.type === "json" ? { jsonSchema: responseFormat.schema ?? true } : {};
}

interface Choice {
  method: Method;
  /** What is chosen among, and how; with this provider's own options. */
  chosen: GenerateOptions;
}

function choose(call: LanguageModelCall, own: LanguageModelOptions, info: DecoderInfo, warnings: ModelWarning[]): Choice {
  const all = withSettings(info.settings, own);
  const method = all.method ?? defaultMethod(info);
  const drawn = drawnBy(own.temperature ?? call.temperature);
  if (!isGuided(method)) return plain(call, own, own.method ?? drawn ?? method);
  // Of blocks `weight` is no setting, but 0 says the same of all methods.
  if (all.weight === 0) return plain(call, withoutCandidates(own), drawn ?? "greedy");
  const guided = method === "args" ? args(call, all) : blocks(call, warnings);
  return { method, chosen: { ...given(guided), ...own, ...(method === "args" && fewest(call.topK, all)) } };
}

/** The unguided method that does what a temperature asks for. */
function drawnBy(temperature: number | undefined): Method | undefined {
  if (temperature === undefined) return undefined;
  return temperature === 0 ? "greedy" : "sample";
}

/** `topK` of guided decoding counts candidates: of a draw it would be something else. */
function withoutCandidates({ topK: _, select: __, ...own }: LanguageModelOptions): LanguageModelOptions {
  return own;
}

function plain({ temperature, topK }: LanguageModelCall, own: LanguageModelOptions, method: Method): Choice {
  return { method, chosen: { ...(method === "sample" && given({ temperature, topK })), ...own, method } };
}

function args({ temperature }: LanguageModelCall, all: GenerateOptions): GenerateOptions {
  return { temperature, select: temperature === undefined || temperature === 0 ? all.select : "stochastic" };
}

/** The k likeliest tokens are the candidates: as few as either of two limits says. */
function fewest(topK: number | undefined, all: GenerateOptions): GenerateOptions {
  return topK === undefined || topK === 0 ? {} : { topK: Math.min(all.topK ?? CANDIDATES, topK) };
}

function blocks({ temperature, topK }: LanguageModelCall, warnings: ModelWarning[]): GenerateOptions {
  if (temperature !== 0) return { policyTemperature: temperature, topK };
  const details = 'method "blocks" draws its drafts, which would be one and the same: they are drawn as if nothing had been said';
  warnings.push({ type: "unsupported", feature: "temperature", details });
  return { topK };
}
