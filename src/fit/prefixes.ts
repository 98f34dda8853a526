/**
 * At which tokens a pair is read. A head that guides decoding is asked in the middle of responses, so it has to tell good
 * beginnings apart and not whole responses alone; and it is asked what it is worth to end.
 */

import { commonPrefix } from "../model/common-prefix.js";

/** Response tokens after which both sides are read, if both are that long. */
export const PREFIX_LENGTHS = [4, 8, 16, 32, 64, 128, 192, 256] as const;

/** The last token of the text. */
export const END = PREFIX_LENGTHS.length;
/** The token that ends the turn, behind the text. */
export const TURN_END = END + 1;
/** Places a pair may be read at: the prefixes, the end, the end of the turn. */
export const PLACES = TURN_END + 1;

/** Where a place is, as results say it: response tokens read, or one of the two ends. */
export type PlaceName = number | "end" | "turn end";

/** A response, and what the chat template writes behind it up to the token that ends the turn; that may be nothing. */
export interface Side {
  response: Int32Array;
  turnEnd: Int32Array;
}

/** A place of PREFIX_LENGTHS, END or TURN_END, with the tokens of each side that have been read there. */
export interface Reading {
  place: number;
  chosen: number;
  rejected: number;
}

export function placeName(place: number): PlaceName {
  if (place === TURN_END) return "turn end";
  return place === END ? "end" : PREFIX_LENGTHS[place];
}

/**
 * Where to read two responses. Both are cut alike, except at the ends. A prefix at which they have not parted yet tells
 * nothing, and one that reaches both ends is the end: neither is read.
 */
export function readingsOf(chosen: Side, rejected: Side): Reading[] {
  const [a, b] = [chosen.response, rejected.response];
  const shared = commonPrefix(a, b);
  const [shorter, longer] = [Math.min(a.length, b.length), Math.max(a.length, b.length)];
  const prefixes = PREFIX_LENGTHS.map((tokens, place) => ({ place, chosen: tokens, rejected: tokens }));
  const read = prefixes.filter(({ chosen: tokens }) => tokens > shared && tokens <= shorter && tokens < longer);
  const end = { place: END, chosen: a.length, rejected: b.length };
  const ends = chosen.turnEnd.length > 0 && rejected.turnEnd.length > 0;
  const turn = { place: TURN_END, chosen: a.length + chosen.turnEnd.length, rejected: b.length + rejected.turnEnd.length };
  return [...read, end, ...(ends ? [turn] : [])];
}
