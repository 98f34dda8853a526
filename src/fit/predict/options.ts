/** What predictReward() takes and gives. */

import type { PromptFormat } from "../../data/read.js";
import { SETTING_NAMES } from "../../decode/settings.js";
import type { BadLine } from "../../files/json-lines.js";
import { MODEL, modelOf, pickModelOptions, type ResolvedModelOptions } from "../../model/options.js";
import { TEMPLATE, templateOf, today } from "../../model/template-options.js";
import type { DecodingSettings, ModelOptions, Prompt, TemplateOptions } from "../../types.js";
import {
  boolean,
  callback,
  checkNames,
  given,
  integer,
  invalid,
  type Names,
  nonEmptyText,
  number,
  onlyKnown,
  plainObject,
} from "../../validate.js";
import type { GateRow } from "./calibrate.js";

export interface PredictOptions extends Omit<ModelOptions, "onProgress">, TemplateOptions {
  /** Path of the reward model, or its name on the Hub, beside which `out` must be given: a GGUF with a head of one label. */
  reward: string;
  /** Path of the policy, or its name on the Hub, whose candidates are to be guessed; default: the reward model's own trunk. */
  policy?: string | undefined;
  /** A chat template in place of the models' own: its text, Jinja. */
  chatTemplate?: string | undefined;
  /** Path of JSON lines with prompts, as readPrompts() takes them, or the prompts themselves. */
  prompts: string | readonly Prompt[];
  /** Default "auto": each line by its fields. */
  format?: PromptFormat | "auto" | undefined;
  /**
   * Path of the reward model to write; default `reward` itself, which is replaced in one move. Steps are kept in it + ".trajectories" until
   * it is done.
   */
  out?: string | undefined;
  /**
   * Steps to decode, about, one a token, from 100; default 15000. They are spread over all prompts, most of whose responses are then short: texts
   * repeat themselves.
   */
  steps?: number | undefined;
  /** Tokens of the responses that check the guesses, and of some that teach; as long as those that will be decoded; default 128. */
  maxTokens?: number | undefined;
  /** How responses are decoded: those of method "args"; default as generate(). The gate keeps its promise at the weight that is set here. */
  settings?: DecodingSettings | undefined;
  /** Share of the steps, of prompts of their own, that only tell how good the guesses are, 0.05 to 0.9; default a third. */
  heldOut?: number | undefined;
  /** Share of the steps that may take another token than without the gate, 0.00001 to 0.5; default 0.001. */
  rate?: number | undefined;
  /** Most passes over the steps; default 30. */
  epochs?: number | undefined;
  /** Of the split, the order of the steps and the first weights; default 0. */
  seed?: number | undefined;
  /** Prompts that are decoded at once; default 4. */
  slots?: number | undefined;
  /** Keep the steps: another call with the same models and prompts then takes minutes. Default false. */
  keepTrajectories?: boolean | undefined;
  /** Called as steps are decoded, and after each pass of the training. */
  onProgress?: ((progress: PredictProgress) => void) | undefined;
  /** Called with each line of the prompts that is left out. */
  onBadLine?: ((bad: BadLine) => void) | undefined;
}

/** How far predictReward() is. */
export interface PredictProgress {
  /** Loading the models, decoding (nearly all of the time), then the training. */
  phase: "load" | "decode" | "train";
  /** Of `total`, in the phase's own steps. */
  done: number;
  total: number;
}

/** What a predictor is worth, on prompts that it never saw. */
export interface PredictResult {
  out: string;
  /** Steps by what they were for. */
  steps: { training: number; stopping: number; heldOut: number };
  /** Share of the rewards' variance within a step that is explained. */
  explained: number;
  /** Root mean square of what is not, in units of the reward. */
  deviation: number;
  /** Deviations that gate "predicted" goes by, what they cost and give. */
  chosen: GateRow;
  /** The rate that was asked for. */
  rate: number;
  /** The held-out steps suffice to show that the gate keeps it; otherwise z is the least that was never wrong. */
  proven: boolean;
  /** Held-out steps that it takes to show it. */
  stepsToProve: number;
  /** Other tokens with "predicted-only". */
  unscoredRate: number;
  table: GateRow[];
  /** Passes of the training. */
  epochs: number;
  /** Bytes that the file grew by. */
  bytes: number;
}

export interface ResolvedPredict {
  reward: string;
  policy: string;
  chatTemplate: string | undefined;
  prompts: string | readonly Prompt[];
  format: PromptFormat | "auto" | undefined;
  out: string;
  steps: number;
  maxTokens: number;
  settings: DecodingSettings;
  template: Required<TemplateOptions> & { date: Date };
  heldOut: number;
  rate: number;
  epochs: number;
  seed: number;
  slots: number;
  keepTrajectories: boolean;
  onProgress: (progress: PredictProgress) => void;
  onBadLine: (bad: BadLine) => void;
  load: ResolvedModelOptions;
}

const OWN: Names<Omit<PredictOptions, keyof Omit<ModelOptions, "onProgress">>> = {
  reward: true,
  policy: true,
  chatTemplate: true,
  prompts: true,
  format: true,
  out: true,
  steps: true,
  maxTokens: true,
  settings: true,
  heldOut: true,
  rate: true,
  epochs: true,
  seed: true,
  slots: true,
  keepTrajectories: true,
  ...TEMPLATE,
  onProgress: true,
  onBadLine: true,
};

/** @throws ArgsearchError OPTION_INVALID */
export function resolvePredict(options: PredictOptions): ResolvedPredict {
  checkNames("predictReward()", options, { ...OWN, ...MODEL });
  const { reward, prompts, seed, onProgress = () => {}, onBadLine = () => {} } = options;
  const path = nonEmptyText("reward", reward);
  const count = (name: string, value: number | undefined, otherwise: number, min: number, max: number): number =>
    given(value, otherwise, (each) => integer(name, each, { min, max }));
  return {
    reward: path,
    policy: given(options.policy, path, (value) => nonEmptyText("policy", value)),
    chatTemplate: given(options.chatTemplate, undefined, (value) => nonEmptyText("chatTemplate", value)),
    prompts: promptsOf(prompts),
    format: options.format,
    out: given(options.out, path, (value) => nonEmptyText("out", value)),
    steps: count("steps", options.steps, 15_000, 100, 10_000_000),
    maxTokens: count("maxTokens", options.maxTokens, 128, 1, 2 ** 31 - 1),
    settings: settingsOf(options.settings),
    template: templateOptionsOf(options),
    heldOut: given(options.heldOut, 1 / 3, (value) => number("heldOut", value, { min: 0.05, max: 0.9 })),
    rate: given(options.rate, 0.001, (value) => number("rate", value, { min: 1e-5, max: 0.5 })),
    epochs: count("epochs", options.epochs, 30, 1, 10_000),
    seed: count("seed", seed, 0, 0, 2 ** 32 - 1),
    slots: count("slots", options.slots, 4, 1, 128),
    keepTrajectories: boolean("keepTrajectories", options.keepTrajectories ?? false),
    onProgress: callback("onProgress", onProgress),
    onBadLine: callback("onBadLine", onBadLine),
    load: modelOf({ ...pickModelOptions(options), onProgress: (done) => onProgress({ phase: "load", done, total: 1 }) }),
  };
}

function templateOptionsOf(options: TemplateOptions): ResolvedPredict["template"] {
  const { mode, variables, date } = templateOf(options, today());
  return { template: mode, templateVariables: variables, date };
}

/** Names alone: values are generate()'s to refuse. */
function settingsOf(settings: DecodingSettings = {}): DecodingSettings {
  onlyKnown("settings", plainObject("settings", settings), SETTING_NAMES);
  if (settings.method !== undefined && settings.method !== "args") throw invalid("settings.method", '"args"', settings.method);
  if (settings.gate !== undefined && settings.gate !== "off") throw invalid("settings.gate", '"off"', settings.gate);
  if (settings.select !== undefined && settings.select !== "greedy") throw invalid("settings.select", '"greedy"', settings.select);
  if (settings.weight === 0) throw invalid("settings.weight", "above 0: a reward that counts nothing needs no guess", settings.weight);
  return settings;
}

function promptsOf(prompts: string | readonly Prompt[]): string | readonly Prompt[] {
  if (typeof prompts === "string") return nonEmptyText("prompts", prompts);
  if (Array.isArray(prompts)) return prompts;
  throw invalid("prompts", "a path, or an array of prompts", prompts);
}
