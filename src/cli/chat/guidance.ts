/** What a chat's settings come to, in words. */
import type { ResolvedGenerate } from "../../decode/options.js";
import { gateWords } from "../flags/gate.js";
import { lookaheadWords } from "../flags/lookahead.js";

type Samplers = ResolvedGenerate["samplers"];

/** Samplers that are a number, with what turns each off. */
const OFF: readonly (readonly [name: keyof Samplers & string, off: number])[] = [
  ["repeatPenalty", 1],
  ["presencePenalty", 0],
  ["frequencyPenalty", 0],
  ["dryMultiplier", 0],
  ["topNSigma", 0],
  ["topP", 1],
  ["minP", 0],
  ["xtcProbability", 0],
  ["policyTemperature", 1],
];

/** Which settings a method looks at. */
export function uses(setting: "weight" | "topK" | "temperature", settings: ResolvedGenerate): boolean {
  const { method, select } = settings;
  if (setting === "weight") return method === "args";
  if (setting === "topK") return method !== "greedy";
  return method === "sample" || (method !== "greedy" && select === "stochastic");
}

/** A seed decides about the answer: another one may give another. */
export function draws(settings: ResolvedGenerate): boolean {
  const { method, temperature, samplers } = settings;
  return method === "blocks" || samplers.xtcProbability > 0 || (uses("temperature", settings) && temperature > 0);
}

/** "args (weight 0.6, top-k 10)", as a heading. */
export function methodWords(settings: ResolvedGenerate): string {
  const { method, weight, combine, topK, temperature, gate, lookahead, block, drafts } = settings;
  const parts = [
    uses("weight", settings) && `weight ${weight}${combine === "additive" ? ", additive" : ""}`,
    method === "blocks" && `${drafts} drafts${block < 2 ** 31 - 1 ? ` of ${block}` : ""}`,
    uses("topK", settings) && `top-k ${topK === 0 ? "off" : topK}`,
    uses("temperature", settings) && `temperature ${temperature}`,
    gate.kind !== "off" && `gate ${gateWords(gate)}`,
    lookahead.steps > 1 && `lookahead ${lookaheadWords(lookahead)}`,
  ].filter((part) => part !== false);
  return parts.length === 0 ? method : `${method} (${parts.join(", ")})`;
}

/** The samplers that are not off, by the names of their flags. */
export function samplerWords({ samplers }: ResolvedGenerate): string[] {
  const numbers = OFF.filter(([name, off]) => samplers[name] !== off).map(([name]) => `${dashed(name)} ${samplers[name]}`);
  const biases = samplers.biases.length === 0 ? [] : [`logit-bias of ${samplers.biases.length}`];
  return [...biases, ...(samplers.grammar === "" ? [] : ["a grammar"]), ...numbers];
}

function dashed(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
