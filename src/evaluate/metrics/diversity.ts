import type { Metric } from "./metric.js";
import { treebankWords } from "./treebank.js";

/** Lengths of the n-grams. */
const ORDERS = [2, 3, 4] as const;

/**
 * rep_n of ARGS (Khanov et al., ICLR 2024) as its published code computes it, as a fraction: 1 - unique n-grams / (n-grams + 1).
 * The + 1 keeps texts too short for an n-gram defined; they count as all repetition.
 *
 * @param n from 1
 */
export function repetition(words: readonly string[], n: number): number {
  const grams = Math.max(0, words.length - n + 1);
  const unique = new Set(Array.from({ length: grams }, (_, start) => JSON.stringify(words.slice(start, start + n))));
  return 1 - unique.size / (grams + 1);
}

/**
 * Diversity of a text, 0 (all repetition) to below 1: the product over n = 2…4 of 1 - rep_n, over treebank words. The paper
 * prints it in per cent.
 *
 * @param tokenize another way to cut words; default treebankWords()
 */
export function diversity(text: string, tokenize: (text: string) => readonly string[] = treebankWords): number {
  const words = tokenize(text);
  return ORDERS.reduce((product, n) => product * (1 - repetition(words, n)), 1);
}

/** The metric "diversity". An empty response has diversity 0, as in the published code. */
export function diversityMetric(tokenize?: (text: string) => readonly string[]): Metric {
  return { name: "diversity", measure: (responses) => responses.map(({ response }) => diversity(response, tokenize)) };
}
