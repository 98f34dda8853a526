/** Settings that hold for every response of a decoder, until a call says otherwise. */
import { ArgsearchError, type ErrorCode } from "../errors.js";
import type { DecodingSettings, GenerateOptions } from "../types.js";
import { type Names, onlyKnown, plainObject } from "../validate.js";
import { resolveGenerate } from "./options.js";
import { SAMPLERS } from "./sampler-options.js";

/** Those that choose among candidates: they mean something to one method. */
const OF_THE_METHOD: Names<Omit<DecodingSettings, keyof typeof SAMPLERS | "method" | "ending">> = {
  weight: true,
  topK: true,
  combine: true,
  select: true,
  temperature: true,
  gate: true,
  lookahead: true,
  block: true,
  drafts: true,
  keepDrafts: true,
  blockReward: true,
};

const SETTINGS: Names<DecodingSettings> = { method: true, ...OF_THE_METHOD, ending: true, ...SAMPLERS };

/** The names of DecodingSettings. */
export const SETTING_NAMES = Object.keys(SETTINGS) as (keyof DecodingSettings)[];

/** Whether the settings are of a decoder with a reward, and where they were found. */
export interface SettingsPlace {
  rewarded: boolean;
  /** The file's path; undefined for settings that were given themselves. */
  path?: string | undefined;
}

/**
 * Names and values; only the vocabulary's size is not known yet.
 *
 * @throws ArgsearchError INPUT_INVALID with the file and the field; OPTION_INVALID without a file
 */
export function checkSettings(settings: unknown, { rewarded, path }: SettingsPlace): DecodingSettings {
  const where = path === undefined ? "settings" : `${path}: settings`;
  try {
    const known = plainObject(where, settings) as DecodingSettings;
    onlyKnown(where, known, SETTING_NAMES);
    const most = 2 ** 31 - 1;
    resolveGenerate(known, { vocabulary: most, contextSize: most, slots: 1, rewarded });
    return known;
  } catch (error) {
    if (!(error instanceof ArgsearchError)) throw error;
    const code: ErrorCode = path === undefined || error.code !== "OPTION_INVALID" ? error.code : "INPUT_INVALID";
    const message = error.message.startsWith(where) ? error.message : `${where}.${error.message}`;
    throw new ArgsearchError(code, message, { cause: error, option: "settings" });
  }
}

/**
 * A call's options with the decoder's settings below them. A call that names another method takes none of what chooses among candidates; a
 * weight goes with the way it is combined, and a grammar of either kind replaces the other.
 */
export function withSettings(settings: DecodingSettings, options: GenerateOptions): GenerateOptions {
  if (Object.keys(settings).length === 0) return options;
  const entries = Object.entries(plainObject("the options of generate()", options));
  const given: GenerateOptions = Object.fromEntries(entries.filter(([, value]) => value !== undefined));
  const names = new Set(SETTING_NAMES);
  const drop = (...unfit: readonly (keyof DecodingSettings)[]): void => {
    for (const name of unfit) names.delete(name);
  };
  if (given.method !== undefined && given.method !== (settings.method ?? "args")) drop(...methodNames());
  if (given.combine !== undefined && given.combine !== (settings.combine ?? "interpolate")) drop("weight");
  if ((given.grammar ?? given.jsonSchema) !== undefined) drop("grammar", "jsonSchema");
  return { ...Object.fromEntries([...names].map((name) => [name, settings[name]])), ...given };
}

function methodNames(): (keyof DecodingSettings)[] {
  return Object.keys(OF_THE_METHOD) as (keyof DecodingSettings)[];
}
