/**
 * At which tokens a pair is read. A head that guides decoding is asked in the middle of responses, so it has to tell good
 * beginnings apart and not whole responses alone.
 */

import { commonPrefix } from "../model/common-prefix.js";

/** Response tokens after which both sides are read, if both are that long. */
export const PREFIX_LENGTHS = [4, 8, 16, 32, 64, 128] as const;

/** Places a pair may be read at: the prefixes, then the end. */
export const PLACES = PREFIX_LENGTHS.length + 1;
export const END = PREFIX_LENGTHS.length;

/** A place of PREFIX_LENGTHS or END, with the tokens of each response that have been read there. */
export interface Reading {
  place: number;
  chosen: number;
  rejected: number;
}

/**
 * Where to read two responses. Both are cut alike, except at the end. A prefix at which they have not parted yet tells
 * nothing, and one that reaches both ends is the end: neither is read.
 */
export function readingsOf(chosen: Int32Array, rejected: Int32Array): Reading[] {
  const shared = commonPrefix(chosen, rejected);
  const [shorter, longer] = [Math.min(chosen.length, rejected.length), Math.max(chosen.length, rejected.length)];
  const prefixes = PREFIX_LENGTHS.map((tokens, place) => ({ place, chosen: tokens, rejected: tokens }));
  const read = prefixes.filter(({ chosen: tokens }) => tokens > shared && tokens <= shorter && tokens < longer);
  return [...read, { place: END, chosen: chosen.length, rejected: rejected.length }];
}
