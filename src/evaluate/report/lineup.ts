/** Who takes part, as a report sees it: the methods of each pair of models, and which of them have a role of their own. */
import { isGuided, type MethodSettings, samplersOf } from "../methods.js";
import type { EvaluationResults, VariantInfo } from "../results.js";
import type { Swept } from "../sweep.js";

export interface Entry {
  /** Its key in the results. */
  name: string;
  /** Without the label of its models. */
  short: string;
  settings: MethodSettings;
  /** The method of a sweep's variant, and the settings that make it: "args-greedy" and { weight: 0.6 }. */
  base: string;
  swept: Swept;
}

export interface Lineup {
  /** Of the pair of models; null when there is only one pair. */
  label: string | null;
  entries: Entry[];
  greedy: Entry | undefined;
  /** ARGS-greedy as it was asked for; of a sweep the variant with the paper's settings, if it is there. */
  argsGreedy: Entry | undefined;
}

/** Here interpolated; the paper's w = 1.5 is additive. */
export const PAPER_SETTINGS = { weight: 0.6, topK: 10 } as const;

/** By pair of models, in the order they were given. */
export function lineups({ settings, methods }: EvaluationResults): Lineup[] {
  const several = settings.pairs.length > 1;
  return settings.pairs.map((pair) => {
    const names = pair.methods.filter((name) => methods[name] !== undefined);
    const entries = names.map((name): Entry => {
      const short = several ? name.slice(`${pair.label}: `.length) : name;
      const own = settings.methods[name] ?? {};
      const { method, swept } = settings.variants?.[name] ?? variantByName(short, own);
      return { name, short, settings: own, base: method, swept };
    });
    return {
      label: several ? pair.label : null,
      entries,
      greedy: plainGreedy(entries),
      argsGreedy: entries.find(({ short }) => short === "args-greedy") ?? entries.find(isPaperVariant),
    };
  });
}

/** Without samplers, if there is one. */
function plainGreedy(entries: readonly Entry[]): Entry | undefined {
  const greedy = entries.filter(({ settings }) => settings.method === "greedy");
  return greedy.find(({ settings }) => Object.keys(samplersOf(settings)).length === 0) ?? greedy[0];
}

/** One of a sweep. */
export function isSwept({ swept }: Entry): boolean {
  return Object.keys(swept).length > 0;
}

/** Results of version 0.1.0 say no more than the name. */
function variantByName(short: string, settings: MethodSettings): Pick<VariantInfo, "method" | "swept"> {
  const words = isGuided(settings) ? short.split(" ") : [short];
  const swept = words.flatMap((word) => {
    const [, key, value] = /^(weight|topK|temperature)=(.+)$/.exec(word) ?? [];
    return key === undefined ? [] : [[key, Number(value)] as const];
  });
  const method = swept.length > 0 ? words.slice(0, words.length - swept.length).join(" ") : short;
  return { method, swept: Object.fromEntries(swept) };
}

function isPaperVariant({ base, settings }: Entry): boolean {
  return base === "args-greedy" && settings.weight === PAPER_SETTINGS.weight && settings.topK === PAPER_SETTINGS.topK;
}
