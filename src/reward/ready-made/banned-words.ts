import type { RewardFunction } from "../../types.js";
import { boolean, checkNames, given, invalid, type Names, number } from "../../validate.js";
import { textReward } from "./text-reward.js";
import { WordTrie } from "./word-trie.js";
import { folded } from "./words.js";

/** Options of bannedWords(). */
export interface BannedWordsOptions {
  /** Default false: "Light" is "light". */
  caseSensitive?: boolean | undefined;
  /** Taken from the reward while a word is half said, times the root of the share that is said of it; from 0, default 4. */
  caution?: number | undefined;
}

const OPTIONS: Names<BannedWordsOptions> = { caseSensitive: true, caution: true };

/**
 * Keeps words, and phrases of several words, out of responses, however they are cut into tokens. A candidate is banned (-Infinity) that completes
 * one of them as whole words: of "bee", neither "beef" nor "frisbee" is, but where a token ends right behind "bee" it is banned, because most of what
 * follows would be the end of the word. Before, `caution` makes beginnings dear, so that the policy turns away while it still has another word.
 *
 * With `method: "blocks"` whole drafts are rated, and what is kept was never bent around a word.
 *
 * @param words at least one, none of them empty; a space is any run of spaces
 * @returns a reward, 0 for what has nothing of them; `weight` does not change the bans
 * @throws ArgsearchError OPTION_INVALID
 */
export function bannedWords(words: readonly string[], options: BannedWordsOptions = {}): RewardFunction {
  checkNames("bannedWords()", options, OPTIONS);
  const caseSensitive = given(options.caseSensitive, false, (value) => boolean("caseSensitive", value));
  const caution = given(options.caution, 4, (value) => number("caution", value, { min: 0, max: Number.MAX_VALUE }));
  const phrases = checkedWords(words).map((word) => folded(word, caseSensitive));
  const trie = new WordTrie(phrases);
  return textReward("bannedWords", { phrases, caseSensitive, caution }, (response, end) => {
    const { whole, begun } = trie.find(folded(response, caseSensitive));
    if (whole) return Number.NEGATIVE_INFINITY;
    return end ? 0 : 0 - caution * Math.sqrt(begun);
  });
}

function checkedWords(words: readonly string[]): string[] {
  if (!Array.isArray(words) || words.length === 0) throw invalid("words", "an array of words", words);
  return words.map((word: unknown, index) => {
    if (typeof word === "string" && word.trim() !== "") return word.trim();
    throw invalid(`words[${index}]`, "a word", word);
  });
}
