/** Who fits and who checks. Decided by content and seed alone, so that order and interruptions change nothing. */
import type { RecordHead } from "./feature-record.js";

export interface SplitOptions {
  /** Pairs to hold out of those to fit on: a count from 1 on, or a share below 1. */
  heldOut: number;
  folds: number;
  seed: number;
}

/** A pair's part: its fold from 0 on, HELD_OUT or SHARED. */
export type Role = number;

export const HELD_OUT: Role = -1;

/** Of the held-out file, but among the pairs to fit on as well: it checks nothing. */
export const SHARED: Role = -2;

/** Whether pairs of a role are fitted on. */
export function isTraining(role: Role): boolean {
  return role >= 0;
}

export interface Split {
  training: number;
  heldOut: number;
  /** Pairs of that role. */
  shared: number;
  folds: number;
  roleOf(record: RecordHead): Role;
}

/** Pairs of one prompt resemble each other, so they stay together unless that would make lumps above this share. */
const LARGEST_GROUP = 0.1;

/** `records`: all of them, with places, those to fit on first; what was made of a pair goes where it goes. Takes some 60 bytes a pair. */
export async function splitPairs(records: AsyncIterable<RecordHead>, { heldOut, folds, seed }: SplitOptions): Promise<Split> {
  const prompts: number[] = [];
  const pairs: number[] = [];
  const own = new Set<bigint>();
  let [given, shared] = [0, 0];
  for await (const record of records) {
    if (record.kind !== "pair" || record.places.length === 0) continue;
    if (record.heldOut && own.has(record.pairHash)) shared += 1;
    else if (record.heldOut) given += 1;
    else {
      own.add(record.pairHash);
      prompts.push(mix(record.promptHash, seed));
      pairs.push(mix(record.pairHash, seed));
    }
  }
  const byPrompt = longestRun(prompts.sort(ascending)) <= LARGEST_GROUP * prompts.length;
  const order = byPrompt ? prompts : pairs.sort(ascending);
  const keyOf = (record: RecordHead): number => mix(byPrompt ? record.promptHash : record.pairHash, seed);
  const wanted = Math.min(order.length, heldOut < 1 ? Math.round(heldOut * order.length) : heldOut);
  const last = wanted === 0 ? -1 : order[wanted - 1];
  const below = order.filter((key) => key <= last).length;
  return {
    training: order.length - below,
    heldOut: given + below,
    shared,
    folds,
    roleOf: (record) => {
      if (record.heldOut) return own.has(record.pairHash) ? SHARED : HELD_OUT;
      const key = keyOf(record);
      return key <= last ? HELD_OUT : scramble(key) % folds;
    },
  };
}

/** 32 bits of a hash and the seed. */
function mix(hash: bigint, seed: number): number {
  return scramble(Number(hash & 0xffffffffn) ^ scramble(seed ^ Number(hash >> 32n)));
}

/** The finaliser of MurmurHash3: every bit of the result depends on every bit given. */
function scramble(value: number): number {
  let mixed = value >>> 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

function longestRun(sorted: readonly number[]): number {
  let [longest, run] = [0, 0];
  for (const [index, key] of sorted.entries()) {
    run = index > 0 && key === sorted[index - 1] ? run + 1 : 1;
    longest = Math.max(longest, run);
  }
  return longest;
}

function ascending(a: number, b: number): number {
  return a - b;
}
