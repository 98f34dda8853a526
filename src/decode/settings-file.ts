/** A file of settings, as tune() writes it. */

import { basename } from "node:path";
import { ArgsearchError } from "../errors.js";
import { fingerprint } from "../files/fingerprint.js";
import { isJsonObject, readJson } from "../files/json.js";
import { askOf } from "../reward/ask/local.js";
import { withFiles } from "../reward/hub-models.js";
import { type ResolvedTerm, resolveTerms } from "../reward/terms.js";
import type { DecodingSettings, RewardKind, RewardSpec } from "../types.js";
import { onlyKnown } from "../validate.js";
import type { ResolvedLoad } from "./load-options.js";
import { checkSettings } from "./settings.js";

/** A model that settings were chosen for. */
export interface SettingsModel {
  /** Its file's name. */
  file: string;
  /** Of what is in it, by samples: not of all of it. */
  fingerprint: string;
  /** Of a reward that is no head. */
  kind?: Exclude<RewardKind, "head"> | undefined;
}

/** What a settings file holds. */
export interface SettingsFile {
  argsearch: { version: string };
  /** What they were chosen for; a reward that is a function is not among them. */
  models?: { policy: SettingsModel; rewards: SettingsModel[] } | undefined;
  settings: DecodingSettings;
}

/** What a decoder is made of, as far as settings depend on it. */
export interface SettingsModels {
  /** Null: a server's, which has no file. */
  policy: string | null;
  terms: readonly ResolvedTerm[];
}

const FIELDS: Record<keyof SettingsFile, true> = { argsearch: true, models: true, settings: true };

/** Code of the process warning. */
const WARNING = "ARGSEARCH_SETTINGS_OF_OTHER_MODELS";

/**
 * Reads a settings file for models, and warns where it was made for others.
 *
 * @param models the policy and, as in load(), its reward
 * @throws ArgsearchError FILE_NOT_FOUND, NOT_A_FILE, FILE_UNREADABLE; INPUT_INVALID with the file and the field
 */
export async function readSettings(
  path: string,
  models: { policy: string; reward: RewardSpec | readonly RewardSpec[] | null },
): Promise<DecodingSettings> {
  const { policy, reward } = await withFiles(models, {});
  return readFor(path, { policy, terms: resolveTerms(reward) });
}

/** The settings of a decoder; none without any. @throws ArgsearchError as readSettings(); OPTION_INVALID */
export async function settingsFor({ settings, policy, remote, terms }: ResolvedLoad): Promise<DecodingSettings> {
  if (settings === undefined) return {};
  if (typeof settings === "string") return readFor(settings, { policy: remote === undefined ? policy : null, terms });
  return checkSettings(settings, { rewarded: terms.length > 0 });
}

async function readFor(path: string, models: SettingsModels): Promise<DecodingSettings> {
  const file = await readJson(path);
  if (!isJsonObject(file) || !("settings" in file)) {
    throw new ArgsearchError("INPUT_INVALID", `${path} is no settings file: it has no "settings"; argsearch tune writes one`, {
      option: "settings",
    });
  }
  try {
    onlyKnown(path, file, Object.keys(FIELDS));
  } catch (error) {
    throw new ArgsearchError("INPUT_INVALID", (error as Error).message, { cause: error, option: "settings" });
  }
  const settings = checkSettings(file.settings, { rewarded: models.terms.length > 0, path });
  await warnOfOthers(path, file.models, models);
  return settings;
}

/** The models of a settings file, the policy's file among them. @throws ArgsearchError FILE_NOT_FOUND, NOT_A_FILE, FILE_UNREADABLE */
export async function settingsModels({ policy, terms }: SettingsModels & { policy: string }): Promise<Required<SettingsFile>["models"]> {
  return { policy: await printOf(policy), rewards: await rewardPrints(terms) };
}

async function printOf(path: string, kind: RewardKind = "head"): Promise<SettingsModel> {
  return { file: basename(path), fingerprint: await fingerprint(path), ...(kind !== "head" && { kind }) };
}

async function rewardPrints(terms: readonly ResolvedTerm[]): Promise<SettingsModel[]> {
  const found = terms.flatMap(({ reward, kind, adapter, base }) => {
    const others = [adapter, base, askOf(reward)?.model].filter((path) => path !== undefined);
    return [...(typeof reward === "string" ? [printOf(reward, kind)] : []), ...others.map((path) => printOf(path))];
  });
  return Promise.all(found);
}

/** Another model has another scale of rewards: the same weight means something else. */
async function warnOfOthers(path: string, made: unknown, models: SettingsModels): Promise<void> {
  if (made === undefined) return;
  const known = printsOf(made);
  const files = [...(models.policy === null ? [] : [await printOf(models.policy)]), ...(await rewardPrints(models.terms))];
  const others = files.filter((model) => !known.some(({ fingerprint, kind }) => fingerprint === model.fingerprint && kind === model.kind));
  if (others.length === 0) return;
  const names = known.map(({ file }) => file).join(", ");
  process.emitWarning(
    `${path} was made for other models (${names || "none"}), not for ${others.map(({ file }) => file).join(", ")}: a weight means something else for every reward, so tune again`,
    { type: "ArgsearchWarning", code: WARNING },
  );
}

function printsOf(made: unknown): SettingsModel[] {
  const { policy, rewards } = isJsonObject(made) ? made : {};
  const all = [policy, ...(Array.isArray(rewards) ? rewards : [])];
  return all.filter(isJsonObject).map(({ file, fingerprint, kind }) => ({
    ...{ file: String(file), fingerprint: String(fingerprint) },
    ...(typeof kind === "string" && { kind: kind as SettingsModel["kind"] }),
  }));
}
