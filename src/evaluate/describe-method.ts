/** The settings of a method in words. */
import type { Gate, SamplerOptions } from "../types.js";
import { type MethodSettings, samplersOf } from "./methods.js";

/** "k = 10, w = 0.6, interpolate, greedy, dryMultiplier 0.8, ending policy". */
export function describeMethod(settings: MethodSettings): string {
  const { method, topP, ending } = settings;
  const { topP: _, ...samplers } = samplersOf(settings);
  const own = method === "greedy" ? ["the most likely token"] : choiceOf(settings);
  return [
    ...own,
    topP !== undefined && topP < 1 && `p = ${topP}`,
    ...Object.entries(samplers).map(([name, value]) => describeSampler(name, value)),
    ending !== undefined && (method !== "greedy" || ending === "never") && `ending ${ending}`,
  ]
    .filter((part) => typeof part === "string")
    .join(", ");
}

function choiceOf({
  method,
  topK,
  temperature,
  weight,
  combine,
  select,
  gate,
  block,
  drafts,
}: MethodSettings): (string | false | undefined)[] {
  return [
    topK !== undefined && (topK > 0 || method !== "sample") && `k = ${topK}`,
    method !== "sample" && weight !== undefined && `w = ${weight}`,
    method !== "sample" && combine,
    method !== "sample" && select,
    temperature !== undefined && `temperature ${temperature}`,
    gate !== undefined && gate !== "off" && `gate ${describeGate(gate)}`,
    block !== undefined && (block === "response" ? "whole responses" : `blocks of ${block}`),
    drafts !== undefined && `best of ${drafts}`,
  ];
}

function describeGate(gate: Exclude<Gate, "off">): string {
  return gate === "bound" ? gate : Object.entries(gate).join(" ").replace(",", " ");
}

/** A grammar or a table by its name alone. */
function describeSampler(name: string, value: SamplerOptions[keyof SamplerOptions]): string {
  return typeof value === "number" ? `${name} ${value}` : name;
}
