/** Who fits and who checks. Decided by content and seed alone, so that order and interruptions change nothing. */
import type { RecordHead } from "./feature-record.js";

export interface SplitOptions {
  /** Pairs to hold out of those to fit on: a count from 1 on, or a share below 1. */
  heldOut: number;
  folds: number;
  seed: number;
}

/** A pair's part: HELD_OUT, or its fold from 0 on. */
export type Role = number;

export const HELD_OUT: Role = -1;

export interface Split {
  training: number;
  heldOut: number;
  folds: number;
  roleOf(record: RecordHead): Role;
}

/** Pairs of one prompt resemble each other, so they stay together unless that would make lumps above this share. */
const LARGEST_GROUP = 0.1;

/** `records`: all of them, with places. Takes 16 bytes a pair. */
export async function splitPairs(records: AsyncIterable<RecordHead>, { heldOut, folds, seed }: SplitOptions): Promise<Split> {
  const prompts: number[] = [];
  const pairs: number[] = [];
  let given = 0;
  for await (const record of records) {
    if (record.places.length === 0) continue;
    if (record.heldOut) given += 1;
    else {
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
    folds,
    roleOf: (record) => {
      const key = keyOf(record);
      return record.heldOut || key <= last ? HELD_OUT : scramble(key) % folds;
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
