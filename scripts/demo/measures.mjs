/** What the demo measures of a response. */

/**
 * ARGS' diversity: the product over n = 2…4 of 1 - rep_n / 100, where rep_n = 100 (1 - |unique n-grams| / (|n-grams| + 1)),
 * over words and punctuation marks. 0 for texts of fewer than four.
 */
export function diversity(text) {
  const words = text.match(/[\p{L}\p{N}]+(?:['’]\p{L}+)*|[^\s\p{L}\p{N}]/gu) ?? [];
  return [2, 3, 4].reduce((product, n) => product * uniqueShare(words, n), 1);
}

function uniqueShare(words, n) {
  const total = Math.max(0, words.length - n + 1);
  const grams = Array.from({ length: total }, (_, start) => words.slice(start, start + n).join("\u0000"));
  return new Set(grams).size / (total + 1);
}

export function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The value below which `share` (0…1) of the values lie. */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.round(share * (sorted.length - 1))];
}
