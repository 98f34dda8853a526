/** Which prompts teach a predictor, which say when to stop, which only check it, and how long their responses are. */
import { STEP_ROLES } from "../../engine/native-predictor.js";

export type Role = (typeof STEP_ROLES)[keyof typeof STEP_ROLES];

export interface Planned {
  /** Of the prompt among all. */
  index: number;
  role: Role;
  /** Most tokens of its response. */
  length: number;
}

export interface PlanOptions {
  prompts: number;
  /** To decode, about. */
  steps: number;
  maxTokens: number;
  /** Share of the steps that are held out. */
  heldOut: number;
  seed: number;
}

/** Of the prompts that are not held out, the share that says when to stop. */
const STOPPING = 0.1;
/** Tokens of responses that are there for their variety. */
const SHORT = 32;

/**
 * Held-out responses are as long as those that will be decoded. The others share the rest of the steps over as many prompts as there are: texts
 * repeat themselves, so most of them are short, and some long. Decided by numbers and seed alone; three prompts or
 * more; the long ones first.
 */
export function planOf({ prompts, steps, maxTokens, heldOut, seed }: PlanOptions): Planned[] {
  const order = Array.from({ length: prompts }, (_, index) => index).sort((a, b) => scramble(a, seed) - scramble(b, seed));
  const kept = within(Math.round((heldOut * steps) / maxTokens), 1, Math.round(heldOut * prompts));
  const lengths = lengthsOf(prompts - kept, Math.max(0, steps - kept * maxTokens), maxTokens);
  const stopping = Math.max(1, Math.round(STOPPING * lengths.length));
  const plan: Planned[] = order.slice(0, kept).map((index) => ({ index, role: STEP_ROLES.heldOut, length: maxTokens }));
  for (const [place, length] of lengths.entries()) {
    const index = order[kept + place];
    // Long ones in both.
    const stops = Math.floor(((place + 1) * stopping) / lengths.length) > Math.floor((place * stopping) / lengths.length);
    if (index !== undefined) plan.push({ index, role: stops ? STEP_ROLES.stopping : STEP_ROLES.training, length });
  }
  return plan.sort((a, b) => b.length - a.length);
}

/** Of at most so many responses, two at least: spread so that they have so many steps in all. */
function lengthsOf(prompts: number, steps: number, longest: number): number[] {
  const short = Math.min(SHORT, longest);
  const share = steps / prompts;
  if (share >= longest) return new Array<number>(Math.min(prompts, Math.max(2, Math.ceil(steps / longest)))).fill(longest);
  if (share <= short) return new Array<number>(Math.min(prompts, Math.max(2, Math.ceil(steps / short)))).fill(short);
  const long = Math.round((prompts * (share - short)) / (longest - short));
  return Array.from({ length: prompts }, (_, place) => (place < long ? longest : short));
}

function within(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(value, most));
}

/** The finaliser of MurmurHash3. */
function scramble(index: number, seed: number): number {
  let mixed = (index ^ Math.imul(seed + 1, 0x9e3779b1)) >>> 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
