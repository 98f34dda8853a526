/** One response's steps: what a reward predictor learns from. Also as a line of a file. */

import { isJsonObject } from "../../files/json.js";
import { decodeFloats, encodeHalves, F16_MAX } from "../../gguf/float-formats.js";

/** Candidates stand step by step. */
export interface Trajectory {
  /** Candidates of each step. */
  counts: number[];
  tokens: number[];
  /** ln P by what the policy's samplers leave. */
  logProbs: number[];
  rewards: number[];
  /** Which of them end the response. */
  ends: boolean[];
  /** One a step: the candidate that was taken. */
  taken: number[];
  /** One a step: the reward of the prefix before it. */
  before: number[];
  /** steps x length of a hidden state: the reward model's at the prefix's end. */
  hidden: Float32Array;
}

/** As JSON of a run, by its name; hidden states in 16 bits, which is more than their noise. */
export function encodeTrajectory({ hidden, ...rest }: Trajectory, run: string): unknown {
  const halves = halvesOf(hidden);
  return {
    run,
    ...rest,
    ends: rest.ends.map(Number),
    hidden: Buffer.from(halves.buffer, halves.byteOffset, halves.byteLength).toString("base64"),
  };
}

/** With the hidden states that a file gives back. */
export function asKept(trajectory: Trajectory): Trajectory {
  return { ...trajectory, hidden: decodeFloats("F16", new Uint16Array(halvesOf(trajectory.hidden)).buffer) };
}

function halvesOf(hidden: Float32Array): Uint16Array {
  return encodeHalves(hidden.map((value) => Math.min(Math.max(value, -F16_MAX), F16_MAX)));
}

/** Undefined for what is none of that run, with hidden states of this length. */
export function decodeTrajectory(value: unknown, nHidden: number, run: string): Trajectory | undefined {
  if (!isJsonObject(value) || value.run !== run || typeof value.hidden !== "string") return undefined;
  const bytes = Buffer.from(value.hidden, "base64");
  const { counts, tokens, logProbs, rewards, ends, taken, before } = value;
  if (![counts, tokens, logProbs, rewards, ends, taken, before].every(isNumbers)) return undefined;
  const found = { counts, tokens, logProbs, rewards, ends: (ends as number[]).map(Boolean), taken, before } as Omit<Trajectory, "hidden">;
  const steps = found.counts.length;
  const candidates = found.counts.reduce((sum, count) => sum + count, 0);
  const fits = [found.tokens, found.logProbs, found.rewards, found.ends].every(({ length }) => length === candidates);
  if (!fits || found.taken.length !== steps || found.before.length !== steps || bytes.length !== 2 * steps * nHidden) return undefined;
  const own = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  return { ...found, hidden: decodeFloats("F16", own) };
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((each) => typeof each === "number");
}
