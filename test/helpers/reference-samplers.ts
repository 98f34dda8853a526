/**
 * The policy's samplers by their published definitions, one after the other on a copy of all logits: penalties (CTRL, Keskar et al. 2019, with
 * the usual mend for negative logits; OpenAI's API), DRY (text-generation-webui, pull request 5677), top-n-sigma (Tang et al. 2024), nucleus
 * (Holtzman et al. 2020), min-p (Nguyen et al. 2024). What is cut off has a logit of -Infinity.
 */
import type { SamplerOptions } from "../../src/index.js";
import { logSoftmax } from "./reference-llama.js";

type Logits = Float64Array;

/** What the samplers leave of the logits behind a response. `breakers`: tokens at which a repeated sequence ends. */
export function sampled(logits: Logits, response: readonly number[], options: SamplerOptions, breakers: ReadonlySet<number>): Logits {
  const left = Float64Array.from(logits);
  for (const [id, bias] of Object.entries(options.logitBias ?? {})) left[Number(id)] += bias === false ? Number.NEGATIVE_INFINITY : bias;
  penalise(left, response, options);
  dry(left, response, options, breakers);
  topNSigma(left, options.topNSigma ?? 0);
  nucleus(left, options.topP ?? 1);
  minP(left, options.minP ?? 0);
  return left.map((logit) => logit / (options.policyTemperature ?? 1));
}

/** The last tokens; all of them for -1. */
function windowOf(response: readonly number[], last: number): readonly number[] {
  return last === -1 ? response : response.slice(Math.max(0, response.length - last));
}

function penalise(logits: Logits, response: readonly number[], options: SamplerOptions): void {
  const { repeatPenalty = 1, repeatLastN = 64, presencePenalty = 0, frequencyPenalty = 0 } = options;
  const recent = windowOf(response, repeatLastN);
  for (const token of new Set(recent)) {
    logits[token] = logits[token] > 0 ? logits[token] / repeatPenalty : logits[token] * repeatPenalty;
    logits[token] -= presencePenalty + frequencyPenalty * recent.filter((each) => each === token).length;
  }
}

/**
 * For every earlier place: how many tokens before it equal those that the response ends with, up to a breaker. The token at that place
 * would lengthen the repetition. Breakers themselves are free.
 */
function dry(logits: Logits, response: readonly number[], options: SamplerOptions, breakers: ReadonlySet<number>): void {
  const { dryMultiplier = 0, dryBase = 1.75, dryAllowedLength = 2, dryPenaltyLastN = -1 } = options;
  if (dryMultiplier === 0) return;
  const recent = windowOf(response, dryPenaltyLastN);
  const longest = new Map<number, number>();
  for (let place = 0; place < recent.length; place++) {
    let length = 0;
    while (length < place) {
      const token = recent[place - 1 - length];
      if (token !== recent[recent.length - 1 - length] || breakers.has(token)) break;
      length++;
    }
    if (length >= dryAllowedLength && !breakers.has(recent[place]))
      longest.set(recent[place], Math.max(length, longest.get(recent[place]) ?? 0));
  }
  for (const [token, length] of longest) logits[token] -= dryMultiplier * dryBase ** (length - dryAllowedLength);
}

function topNSigma(logits: Logits, n: number): void {
  if (n <= 0) return;
  const finite = logits.filter(Number.isFinite);
  const mean = finite.reduce((sum, logit) => sum + logit, 0) / finite.length;
  const deviation = Math.sqrt(finite.reduce((sum, logit) => sum + (logit - mean) ** 2, 0) / finite.length);
  cutBelow(logits, Math.max(...finite) - n * deviation);
}

function nucleus(logits: Logits, p: number): void {
  if (p >= 1) return;
  const probabilities = logSoftmax(logits).map(Math.exp);
  const order = [...logits.keys()].sort((a, b) => logits[b] - logits[a]);
  let sum = 0;
  const last = order.findIndex((token) => {
    sum += probabilities[token];
    return sum >= p;
  });
  for (const token of order.slice(last + 1)) logits[token] = Number.NEGATIVE_INFINITY;
}

function minP(logits: Logits, p: number): void {
  if (p > 0) cutBelow(logits, Math.max(...logits) + Math.log(p));
}

function cutBelow(logits: Logits, least: number): void {
  for (const [token, logit] of logits.entries()) if (logit < least) logits[token] = Number.NEGATIVE_INFINITY;
}
