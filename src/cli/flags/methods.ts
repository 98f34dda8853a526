/** The methods that eval compares, out of their names, a settings file and flags. */
import { DEFAULT_METHODS, METHOD_NAMES, type MethodName, type MethodSettings, type MethodSpec } from "../../evaluate/index.js";
import { ArgsearchError, type DecodingSettings } from "../../index.js";
import { type SamplerFlags, samplerOptions } from "./samplers.js";

export interface MethodFlags extends SamplerFlags, Pick<MethodSettings, "topK" | "weight" | "temperature" | "ending" | "gate"> {
  methods?: string[];
  bestOf?: number;
}

/** Settings of one method alone. */
const OF_A_METHOD: readonly (keyof DecodingSettings)[] = [
  ...(["method", "topK", "weight", "combine", "select", "temperature", "gate"] as const),
  ...(["block", "drafts", "keepDrafts", "blockReward"] as const),
];

/** Undefined leaves the choice to the library, unless settings change a method. */
export function methodsOf(flags: MethodFlags, settings: DecodingSettings): (MethodName | MethodSpec)[] | undefined {
  const { methods, topK, weight, temperature, bestOf, ending, gate } = flags;
  const own = defined({ topK, weight, temperature, bestOf, gate });
  const common = { ...ofThePolicy(settings), ...defined({ ...samplerOptions(flags), ending }) };
  if (methods === undefined && [own, common, settings].every((each) => Object.keys(each).length === 0)) return undefined;
  return (methods ?? methodsFor(settings)).map((name): MethodSpec => {
    if (!METHOD_NAMES.includes(name as MethodName)) {
      throw new ArgsearchError("OPTION_INVALID", `methods must be of ${METHOD_NAMES.join(", ")}, got "${name}"`, { option: "methods" });
    }
    const drawn = !["args-greedy", "greedy", "blocks"].includes(name);
    return {
      name,
      ...common,
      ...ofTheSearch(name, settings),
      ...(name.startsWith("args-") && defined({ topK, weight, gate: gateFor(name, gate) })),
      ...(drawn && defined({ temperature })),
      ...(name === "best-of-n" && defined({ drafts: bestOf })),
    };
  });
}

/** The paper's, and blocks where the settings are theirs. */
function methodsFor({ method }: DecodingSettings): readonly MethodName[] {
  return method === "blocks" ? [...DEFAULT_METHODS, "blocks"] : DEFAULT_METHODS;
}

/** Gates that go by who would win are of the method that takes the best score: of one that draws, nothing can be left out. */
function gateFor(name: string, gate: MethodSettings["gate"]): MethodSettings["gate"] {
  const ofTheBest = typeof gate === "string" || (gate !== undefined && "predicted" in gate);
  return name === "args-stochastic" && ofTheBest ? undefined : gate;
}

/** What makes a guided method stronger or weaker, not which one it is: of ARGS there are two, which differ in how they select. */
function ofTheSearch(name: string, { method = "args", ...settings }: DecodingSettings): MethodSettings {
  const { topK, weight, combine, select, temperature, gate, block, drafts, keepDrafts, blockReward } = settings;
  if (name.startsWith("args-") && method === "args") return defined({ topK, weight, combine, gate: gateFor(name, gate) });
  if (name !== "blocks" || method !== "blocks") return {};
  return defined({ topK, select, temperature, block, drafts, keepDrafts, blockReward });
}

/** Samplers and ending: the policy is the same in all methods. */
function ofThePolicy(settings: DecodingSettings): MethodSettings {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => !OF_A_METHOD.includes(name as keyof DecodingSettings)));
}

function defined<T extends object>(settings: T): T {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as T;
}
