/** What a method's answers are held against. */
import { isDeepStrictEqual } from "node:util";
import type { SamplerOptions } from "../types.js";
import { type MethodSettings, samplersOf } from "./methods.js";

/**
 * Greedy decoding with the same samplers where it is among the methods, else plain greedy decoding, else the first greedy one. That of a
 * greedy method is the plain one. Undefined where there is none, or only the method itself.
 */
export function baselineOf<T>(own: T, all: readonly T[], settingsOf: (each: T) => MethodSettings): T | undefined {
  const greedy = all.filter((each) => settingsOf(each).method === "greedy");
  const withSamplers = (samplers: SamplerOptions): T | undefined => {
    return greedy.find((each) => isDeepStrictEqual(samplersOf(settingsOf(each)), samplers));
  };
  const alike = greedy.includes(own) ? undefined : withSamplers(samplersOf(settingsOf(own)));
  const found = alike ?? withSamplers({}) ?? greedy[0];
  return found === own ? undefined : found;
}
