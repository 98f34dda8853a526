/** Which steps the reward models are left out of. */
import type { NativeGate } from "../engine/binding.js";
import { ArgsearchError } from "../errors.js";
import type { Gate, Method } from "../types.js";
import { invalid, number, onlyKnown } from "../validate.js";

/** All candidates of all steps are rated. */
const NO_GATE: NativeGate = { kind: "off", limit: 0 };

const LIMITS = {
  entropy: { min: 0, max: Number.POSITIVE_INFINITY, note: "nats" },
  topProbability: { min: 0, max: 1 },
  predicted: { min: 1e-6, max: 0.5, note: "share of other tokens" },
  /** A share of the steps, drawn blindly: for benchmarks, what a gate that looks is to be better than. */
  random: { min: 0, max: 1 },
} as const;

const KINDS = '"off", "bound", "predicted", "predicted-only", { predicted: rate }, { entropy: nats } or { topProbability: p }';

/** Those that go by who would win, which a draw does not; as they are written. */
const OF_THE_BEST: Partial<Record<NativeGate["kind"], string>> = {
  bound: '"bound"',
  predicted: '"predicted"',
  predictedOnly: '"predicted-only"',
};

export interface GateContext {
  /** Candidates are drawn by their scores. */
  draws: boolean;
  /** Reward functions rate them, too. */
  functions: boolean;
  /** Language models are among the rewards; default false. */
  tokenRewards?: boolean | undefined;
}

/** Of other methods than "args" it is checked, and off. @throws ArgsearchError OPTION_INVALID */
export function gateOf(method: Method, gate: Gate | undefined, { draws, functions, tokenRewards = false }: GateContext): NativeGate {
  const resolved = read(gate);
  if (method !== "args") return NO_GATE;
  if (resolved.kind !== "off" && functions) {
    throw refused(
      "gate cannot be used with reward functions: they say what may be said at all, so they are asked about every candidate; leave the functions or the gate out",
    );
  }
  const name = OF_THE_BEST[resolved.kind];
  if (tokenRewards && resolved.kind.startsWith("predicted"))
    throw refused(
      `gate ${name} guesses the rewards of heads: a language model rates all candidates of a step in one decode of one token; leave the gate out`,
    );
  if (name !== undefined && draws) {
    throw refused(
      `gate ${name} needs select "greedy": with select "stochastic" any candidate may be drawn, and none can be left out; use another gate, or none`,
    );
  }
  return resolved;
}

function read(gate: unknown): NativeGate {
  if (gate === undefined || gate === "off") return NO_GATE;
  if (gate === "bound" || gate === "predicted") return { kind: gate, limit: 0 };
  if (gate === "predicted-only") return { kind: "predictedOnly", limit: 0 };
  if (typeof gate !== "object" || gate === null || Array.isArray(gate)) throw invalid("gate", KINDS, gate);
  const [entry, ...others] = Object.entries(gate).filter(([, value]) => value !== undefined);
  if (entry === undefined || others.length > 0) throw invalid("gate", KINDS, gate);
  const [kind, limit] = entry;
  onlyKnown("gate", { [kind]: limit }, ["entropy", "topProbability", "predicted", ...(kind === "random" ? ["random"] : [])]);
  const known = kind as keyof typeof LIMITS;
  return { kind: known, limit: number(`gate.${known}`, limit, LIMITS[known]) };
}

function refused(message: string): ArgsearchError {
  return new ArgsearchError("OPTION_INVALID", message, { option: "gate" });
}
