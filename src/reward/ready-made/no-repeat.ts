import type { RewardFunction } from "../../types.js";
import { checkNames, given, integer, type Names, number } from "../../validate.js";
import { textReward } from "./text-reward.js";
import { folded, isPartOfWord, wordsOf } from "./words.js";

/** Options of noRepeat(). */
export interface NoRepeatOptions {
  /** Words of a sequence that is not to come again; from 1, default 4. */
  n?: number | undefined;
  /** What one that does costs; from 0, default 5. */
  strength?: number | undefined;
}

const OPTIONS: Names<NoRepeatOptions> = { n: true, strength: true };

/**
 * Rates sequences of n words that the response has had before: -strength for each, and in proportion for one whose last word is half said. Words are
 * compared without case or punctuation, however they are cut into tokens. Loops of the policy are the business of its samplers (`dryMultiplier`); this is for
 * what a reward model likes to say twice.
 *
 * @throws ArgsearchError OPTION_INVALID
 */
export function noRepeat(options: NoRepeatOptions = {}): RewardFunction {
  checkNames("noRepeat()", options, OPTIONS);
  const n = given(options.n, 4, (value) => integer("n", value, { min: 1, max: 1000 }));
  const strength = given(options.strength, 5, (value) => number("strength", value, { min: 0, max: Number.MAX_VALUE }));
  return textReward("noRepeat", { n, strength }, (response, end) => 0 - strength * repeatsIn(response, n, end));
}

/** Sequences of n words that stood in the text before, a fraction for the one that the unfinished last word has begun. */
function repeatsIn(response: string, n: number, end: boolean): number {
  const text = folded(response, false);
  const words = wordsOf(text);
  const unfinished = !end && isPartOfWord([...text.slice(-2)].at(-1)) ? words.pop() : undefined;
  const following = new Map<string, Set<string>>();
  let repeats = 0;
  for (let last = n - 1; last < words.length; last += 1) {
    const before = words.slice(last - n + 1, last).join(" ");
    const seen = following.get(before) ?? new Set();
    const word = words[last] ?? "";
    if (seen.has(word)) repeats += 1;
    following.set(before, seen.add(word));
  }
  if (unfinished === undefined || words.length < n - 1) return repeats;
  const before = n === 1 ? "" : words.slice(1 - n).join(" ");
  return repeats + shareOf(unfinished, following.get(before) ?? []);
}

/** The most that `begun` is of one of the words that it begins. */
function shareOf(begun: string, words: Iterable<string>): number {
  let share = 0;
  for (const word of words) if (word.startsWith(begun)) share = Math.max(share, begun.length / word.length);
  return share;
}
