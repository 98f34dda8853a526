/** Which rivals are measured where. */
import type { Outsiders } from "../../src/bench/measure-point.js";
import type { LineChild } from "./line-child.js";
import { nodeLlamaCppFolder, nodeLlamaCppRivals } from "./node-llama-cpp.js";
import type { Outsider, Rivalry } from "./outsider.js";
import type { Place } from "./places.js";
import { rawRivals } from "./raw.js";
import { transformersRival, whyNoTransformers } from "./transformers.js";

export const OUTSIDERS = ["raw", "transformers", "node-llama-cpp"] as const;

export type OutsiderName = (typeof OUTSIDERS)[number];

/** Tokens of all candidates' prefixes beyond which node-llama-cpp takes minutes. */
const MOST_REREAD = 4000;

/** Why rivals of this name are left out everywhere; undefined where they are at hand. */
export function whyNot(name: OutsiderName): string | undefined {
  if (name === "transformers") return whyNoTransformers();
  if (name === "node-llama-cpp" && nodeLlamaCppFolder() === undefined) return "node-llama-cpp is not there (--install fetches it)";
  return undefined;
}

/** One prompt at a time: who decodes several has no rival here. */
export function outsidersFor(
  names: readonly OutsiderName[],
  place: Place,
  common: Pick<Rivalry, "engineDir" | "threads" | "template" | "gpu">,
): { start: Outsiders; close: () => void } {
  const children: LineChild[] = [];
  const start: Outsiders = async (decoder, contextSize) => {
    if (place.slots > 1) return [];
    const rivalry = { ...common, decoder, contextSize, topK: place.topK };
    const found = await Promise.all(names.filter((name) => whyNot(name) === undefined).map((name) => started(name, place, rivalry)));
    for (const each of found) if (each !== undefined) children.push(each.child);
    // Loading takes all cores.
    await Promise.all(children.map((child) => child.ask("prompt", 1)));
    return found.flatMap((each) => each?.contenders ?? []);
  };
  const close = (): void => {
    for (const child of children) child.close();
  };
  return { start, close };
}

async function started(
  name: OutsiderName,
  { prefix, topK, type }: Place,
  rivalry: Rivalry,
): Promise<{ contenders: Outsider[]; child: LineChild } | undefined> {
  if (name === "raw") return rawRivals(rivalry);
  // Always bf16, and minutes for the other: the types of weights have no part in what they show.
  if (["f16", "q8_0"].includes(type)) return undefined;
  if (name === "transformers") return transformersRival(rivalry);
  const folder = nodeLlamaCppFolder();
  return folder === undefined || prefix * topK > MOST_REREAD ? undefined : nodeLlamaCppRivals(rivalry, folder, true);
}
