/** What lies in the directory of an evaluation, and whether that is ours to replace. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { ArgsearchError } from "../../errors.js";
import { type Input, refuseInputs } from "../../files/inputs.js";
import { ifAny, isJsonObject, readJson } from "../../files/json.js";
import type { Identity } from "../identity.js";
import type { Description, EvaluationResults } from "../results.js";

export const FILES = {
  settings: "settings.json",
  responses: "responses.jsonl",
  results: "results.json",
  verdicts: "judge.jsonl",
  ratings: "judge-reward.jsonl",
} as const;

/** Made of the others, by writeReport(). */
export const REPORT = { html: "report.html", markdown: "report.md", charts: "charts" } as const;

const NAMES = [...Object.values(FILES), ...Object.values(REPORT)];

/** settings.json. The description, which version 0.1.0 did not write, may differ between two runs of one evaluation. */
export interface StoredSettings extends Identity {
  description?: Description;
}

/** Undefined where there are none. @throws ArgsearchError FILE_UNREADABLE; OPTION_INVALID when they are somebody else's */
export async function readSettings(dir: string): Promise<StoredSettings | undefined> {
  return readOwn<StoredSettings>(dir, FILES.settings, ["models", "data", "generation", "engine", "methods"]);
}

/** The same of results.json. */
export async function readResults(dir: string): Promise<EvaluationResults | undefined> {
  return readOwn<EvaluationResults>(dir, FILES.results, ["settings", "methods", "comparisons", "judge", "failures", "badLines"]);
}

/** @throws ArgsearchError OPTION_INVALID when an evaluation in this directory would write over what it reads */
export async function refuseInputsIn(dir: string, inputs: readonly Input[]): Promise<void> {
  for (const name of NAMES) await refuseInputs(join(dir, name), inputs);
}

/** Files of our names count as ours beside our settings. @throws ArgsearchError OPTION_INVALID; FILE_UNREADABLE */
export async function refuseForeign(dir: string): Promise<void> {
  await readResults(dir);
  if ((await readSettings(dir)) !== undefined) return;
  for (const name of NAMES) {
    const present = await stat(join(dir, name)).catch(() => undefined);
    if (present) throw foreign(dir, name, `without ${FILES.settings} beside it that says of what evaluation it is`);
  }
}

async function readOwn<T>(dir: string, name: string, fields: readonly (keyof T & string)[]): Promise<T | undefined> {
  const value = await ifAny(readJson, join(dir, name)).catch((cause: unknown) => {
    const damaged = cause instanceof ArgsearchError && cause.code === "INPUT_INVALID";
    throw damaged ? foreign(dir, name, "and no JSON", cause) : cause;
  });
  if (value === undefined) return undefined;
  if (isJsonObject(value) && fields.every((field) => typeof value[field] === "object" && value[field] !== null)) return value as T;
  throw foreign(dir, name, "and not an evaluation's");
}

function foreign(dir: string, name: string, why: string, cause?: unknown): ArgsearchError {
  const message = `${join(dir, name)} is there already, ${why}: choose another directory, or move that file`;
  return new ArgsearchError("OPTION_INVALID", message, { option: "out", cause });
}
