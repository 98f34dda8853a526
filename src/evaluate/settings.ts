/** The settings in the results, out of those of a directory. */
import { basename } from "node:path";
import { packageManifest } from "../package-root.js";
import type { Identity } from "./identity.js";
import type { EvaluateOptions, Variant } from "./options.js";
import type { Description, EvaluationSettings } from "./results.js";
import type { StoredSettings } from "./run/directory.js";

export function describe({ data }: Pick<EvaluateOptions, "data">, variants: readonly Variant[], { engine }: Identity): Description {
  return {
    source: typeof data === "string" ? basename(data) : "prompts",
    versions: { argsearch: packageManifest().version, engine: engine.version, node: process.version },
    variants: Object.fromEntries(variants.map(({ name, pair, base, swept }) => [name, { pair: pair.label, method: base, swept }])),
  };
}

/** @param names of the methods that the results are of, in their order */
export function settingsOf(
  { description, ...identity }: StoredSettings,
  names: readonly string[],
  { embedding, judgeReward }: Pick<EvaluationSettings, "embedding" | "judgeReward">,
): EvaluationSettings {
  const { source, versions, variants } = description ?? describe({ data: [] }, [], identity);
  const labels = Object.keys(identity.models);
  // Directories of version 0.1.0 have nothing but the names.
  const pairOf = (name: string): string => variants?.[name]?.pair ?? labels.find((label) => name.startsWith(`${label}: `)) ?? "";
  return {
    ...identity,
    source,
    embedding,
    judgeReward,
    versions,
    variants,
    pairs: labels.map((label) => ({ label, methods: names.filter((name) => labels.length === 1 || pairOf(name) === label) })),
  };
}
