/** The option `gate` as a flag, and in words. */
import { InvalidArgumentError, Option } from "commander";
import type { NativeGate } from "../../engine/binding.js";
import type { Gate } from "../../index.js";
import { parseNumber } from "./values.js";

/** How it is written. */
export const GATES = "off, bound, predicted, predicted=RATE, predicted-only, entropy=NATS, top-probability=P";

/** Of a text as GATES lists them; undefined for any other. */
export function parseGate(text: string): Gate | undefined {
  if (text === "off" || text === "bound" || text === "predicted" || text === "predicted-only") return text;
  const [, name, limit = ""] = /^(entropy|top-probability|predicted)=(.+)$/.exec(text) ?? [];
  const value = parseNumber(limit);
  if (name === undefined || value === undefined) return undefined;
  if (name === "predicted") return { predicted: value };
  return name === "entropy" ? { entropy: value } : { topProbability: value };
}

export function gateFlag(): Option {
  const what = "args: which steps go without the reward models: those that they cannot change, or where the policy is sure";
  return new Option("--gate <off|bound|predicted|predicted-only|entropy=nats|top-probability=p>", `${what} (default: off)`).argParser(
    (text) => {
      const gate = parseGate(text);
      if (gate === undefined) throw new InvalidArgumentError(`One of ${GATES}, not ${JSON.stringify(text)}.`);
      return gate;
    },
  );
}

/** As it is written. */
export function gateWords({ kind, limit }: NativeGate): string {
  if (kind === "off" || kind === "bound" || (kind === "predicted" && limit === 0)) return kind;
  if (kind === "predictedOnly") return "predicted-only";
  return `${kind === "topProbability" ? "top-probability" : kind}=${limit}`;
}
