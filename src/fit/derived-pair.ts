/** What is made of a pair beside itself, for a share of the pairs. Decided by content alone, so that order and interruptions change nothing. */
import type { PreferencePair } from "../data/pair-formats.js";
import { answerText } from "../messages.js";
import type { Kind } from "./feature-record.js";
import { longPair } from "./long-pair.js";
import { PREFIX_LENGTHS } from "./prefixes.js";
import { repeating } from "./repetition.js";

const LONGEST = Math.max(...PREFIX_LENGTHS);

export type DerivedKind = Exclude<Kind, "pair">;

/** The kinds to make of a pair, one of `share`. */
export function derivedKinds(pairHash: bigint, share: number): readonly DerivedKind[] {
  return part(pairHash, 0) < share ? ["long", "repetition"] : [];
}

/** Undefined where there is none. `tokensOf`: how many tokens a response is. */
export function derivedPair(
  kind: DerivedKind,
  pair: PreferencePair,
  pairHash: bigint,
  tokensOf: (text: string) => number,
): PreferencePair | undefined {
  const long = longPair(pair, tokensOf, LONGEST);
  if (kind === "long") return long;
  const { prompt, chosen } = long ?? pair;
  const choice = { place: part(pairHash, 1), unit: part(pairHash, 2), length: part(pairHash, 3) };
  const content = repeating(answerText(chosen), tokensOf, choice);
  return { prompt, chosen, rejected: typeof chosen === "string" ? content : { ...chosen, content } };
}

/** One of four independent numbers that a hash holds, 0 to 1. */
function part(hash: bigint, index: 0 | 1 | 2 | 3): number {
  return Number((hash >> BigInt(16 * index)) & 0xffffn) / 0x10000;
}
