/** The clock of an evaluation, where a chat template looks at one. */

import { ArgsearchError } from "../errors.js";
import { inspect } from "../gguf/inspect.js";
import { dateOf, looksAtClock } from "../model/template-options.js";
import { filePaths } from "../reward/reward-set.js";
import { resolveTerms } from "../reward/terms.js";
import type { EngineOptions, Shard } from "../types.js";
import type { ResolvedPair } from "./options.js";
import { readSettings } from "./run/directory.js";

/**
 * What templates take for the present time, ISO 8601: as given, else as the first run in this directory took it, so that a run
 * that goes on the next day writes the same date. Undefined where no template writes any.
 *
 * @throws ArgsearchError OPTION_INVALID; as inspect()
 */
export async function evaluationDate(
  date: Date | string | undefined,
  pairs: readonly ResolvedPair[],
  dir: string | undefined,
  engine: EngineOptions,
  shard?: Shard,
): Promise<string | undefined> {
  if (date !== undefined) return dateOf(date).toISOString();
  if (!looksAtClock(await templatesOf(pairs, engine))) return undefined;
  if (shard !== undefined) {
    const message = "a chat template writes the present time, which each shard would have another of: set date, the same for all";
    throw new ArgsearchError("OPTION_INVALID", message, { option: "date" });
  }
  const before = dir === undefined ? undefined : await readSettings(dir);
  return before === undefined ? new Date().toISOString() : before.generation?.date;
}

async function templatesOf(pairs: readonly ResolvedPair[], engine: EngineOptions): Promise<(string | null | undefined)[]> {
  const own = pairs.flatMap(({ chatTemplate, reward }) => [chatTemplate, ...resolveTerms(reward).map(({ template }) => template?.text)]);
  const files = new Set(pairs.flatMap(({ policy, reward }) => [policy, ...filePaths(resolveTerms(reward))]));
  const stored = await Promise.all([...files].map(async (path) => (await inspect(path, engine)).chatTemplate));
  return [...own, ...stored];
}
