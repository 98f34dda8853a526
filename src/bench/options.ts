/** Options of measureSpeed(): defaults and validation. */
import { binding } from "../engine/binding.js";
import { inspect } from "../gguf/inspect.js";
import { EMBEDDED } from "../model/embedded.js";
import { DEFAULT_CONTEXT, pickModelOptions } from "../model/options.js";
import { TOKENIZERS } from "../reward/vocabularies.js";
import type { DecodingSettings, LoadOptions, ModelOptions, Prompt, RewardSpec, TemplateOptions, TokenizersOptions } from "../types.js";
import { checkNames, given, integer, invalid, type Names, oneOf, plainObject } from "../validate.js";
import { MODES, type Mode, SPEED_MODES } from "./modes.js";
import { defaultPrompts } from "./prompts.js";

/** How far a benchmark is. */
export interface SpeedProgress {
  /** What is being measured now, for people. */
  what: string;
  /** Measurements done, of all. */
  done: number;
  /** Those of all points, as far as is known. */
  total: number;
}

/** What measureSpeed() takes. */
export interface SpeedOptions extends Omit<ModelOptions, "onProgress">, TokenizersOptions {
  /** As of load(); default: the embedded pair. */
  policy?: string | undefined;
  /** As of load(); at least one reward model or function. */
  reward?: RewardSpec | readonly RewardSpec[] | undefined;
  /** Prompts that are decoded, one after the other over slots and rounds; default eight of the package's own. */
  prompts?: readonly Prompt[] | undefined;
  /** "auto" (default) or "none", as of generate(). */
  template?: TemplateOptions["template"];
  /** Candidates a step, from 1: each value is measured; default 10. */
  topK?: number | readonly number[] | undefined;
  /** Prompts decoded at once, 1 to 128: each value is measured; default 1. */
  slots?: number | readonly number[] | undefined;
  /** Tokens that each prompt is made long by text before it, from 1: each value is measured; default: prompts as they are. */
  prefix?: number | readonly number[] | undefined;
  /** Tokens of each response, from 2; default 32. It never ends earlier. */
  maxTokens?: number | undefined;
  /** Times that everything is measured, from 1; default 9. One more warms up. */
  rounds?: number | undefined;
  /** Names of SPEED_MODES; default: all that these models and this version allow. Plain decoding and ARGS are always measured. */
  modes?: readonly string[] | undefined;
  /** What plain decoding and every mode have in common, weight and samplers; default { dryMultiplier: 0.8 }, as guided methods have it. */
  settings?: Omit<DecodingSettings, "method" | "ending" | "topK"> | undefined;
  /** Called before each measurement, and while models are loaded. */
  onProgress?: ((progress: SpeedProgress) => void) | undefined;
}

/** One place on the axes. */
export interface SpeedPoint {
  /** Candidates a step. */
  topK: number;
  /** Prompts decoded at once. */
  slots: number;
  /** Tokens of each prompt. Null: prompts as they are. */
  prefix: number | null;
}

export interface ResolvedSpeed {
  load: LoadOptions & { policy?: string | undefined };
  prompts: readonly Prompt[];
  template: "auto" | "none";
  points: SpeedPoint[];
  maxTokens: number;
  rounds: number;
  modes: readonly Mode[];
  settings: DecodingSettings;
  onProgress: SpeedOptions["onProgress"];
  signal: AbortSignal | undefined;
}

const NAMES: Names<SpeedOptions> = {
  ...{ engineDir: true, gpu: true, gpuLayers: true, threads: true, contextSize: true, batchSize: true, kvType: true, signal: true },
  ...TOKENIZERS,
  ...{ rpc: true, rewardDevice: true, policyDevice: true },
  ...{ policy: true, reward: true, prompts: true, template: true, topK: true, slots: true, prefix: true, maxTokens: true },
  ...{ rounds: true, modes: true, settings: true, onProgress: true },
};

/** Prompts decoded by default: so many rounds and slots have different ones. */
const PROMPTS = 8;

/** Room for a prompt as it is, where nothing says how long it gets. */
const USUAL_PROMPT = 512;

/** @throws ArgsearchError OPTION_INVALID */
export async function resolveSpeed(options: SpeedOptions = {}): Promise<ResolvedSpeed> {
  checkNames("measureSpeed()", options, NAMES);
  const { limits } = binding();
  const axis = (name: "topK" | "slots" | "prefix", otherwise: number | null, max: number): (number | null)[] => {
    const value = options[name];
    if (value === undefined) return [otherwise];
    const list = typeof value === "number" ? [value] : value;
    if (!Array.isArray(list) || list.length === 0) throw invalid(name, "a number or a non-empty array of numbers", value);
    return [...new Set(list.map((each: unknown) => integer(name, each, { min: 1, max })))];
  };
  const prefixes = axis("prefix", null, 2 ** 20);
  const slots = axis("slots", 1, limits.slots) as number[];
  const topKs = axis("topK", 10, 2 ** 20) as number[];
  return {
    load: {
      ...pickModelOptions(options),
      policy: options.policy,
      reward: options.reward,
      tokenizers: options.tokenizers,
      onProgress: undefined,
    },
    prompts: options.prompts === undefined ? await defaultPrompts(PROMPTS) : promptList(options.prompts),
    template: given(options.template, "auto", (value) => oneOf("template", value, ["auto", "none"])),
    points: slots.flatMap((slot) => prefixes.flatMap((prefix) => topKs.map((topK) => ({ topK, slots: slot, prefix })))),
    maxTokens: given(options.maxTokens, 32, (value) => integer("maxTokens", value, { min: 2, max: 2 ** 20 })),
    rounds: given(options.rounds, 9, (value) => integer("rounds", value, { min: 1, max: 10_000 })),
    modes: modesOf(options.modes),
    settings: given(options.settings, { dryMultiplier: 0.8 }, (value) => plainObject("settings", value) as DecodingSettings),
    onProgress: options.onProgress,
    signal: options.signal,
  };
}

function promptList(value: unknown): readonly Prompt[] {
  if (Array.isArray(value) && value.length > 0) return value as readonly Prompt[];
  throw invalid("prompts", "a non-empty array of prompts", value);
}

function modesOf(names: readonly string[] | undefined): Mode[] {
  if (names !== undefined && !Array.isArray(names)) throw invalid("modes", "an array of names", names);
  const wanted = new Set((names ?? SPEED_MODES).map((name) => oneOf("modes", name, SPEED_MODES)));
  return MODES.filter((mode) => mode.required || wanted.has(mode.name));
}

/** The size of the contexts: no more than is needed, because every slot's cells weigh. */
export async function contextFor({ load, maxTokens }: ResolvedSpeed, { prefix }: SpeedPoint): Promise<number> {
  if (load.contextSize !== undefined) return load.contextSize;
  const { contextLength } = await inspect(load.policy ?? EMBEDDED.policy, { engineDir: load.engineDir });
  return Math.min(contextLength ?? DEFAULT_CONTEXT, (prefix ?? USUAL_PROMPT) + maxTokens + 8);
}
