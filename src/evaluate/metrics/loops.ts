/** Texts that go round in circles, by two signs: the same words again, and few different ones. */
import { diversity } from "./diversity.js";
import type { Metric } from "./metric.js";
import { treebankWords } from "./treebank.js";

/** Words that no text happens to say twice in a row of so many. */
const GRAM = 8;

/** Diversity below which a text says little that is new. */
const LEAST_DIVERSITY = 0.3;

/** Whether some `n` treebank words in a row stand in a text twice. */
export function repeats(text: string, n = GRAM): boolean {
  const words = treebankWords(text);
  const seen = new Set<string>();
  for (let start = 0; start + n <= words.length; start++) {
    const gram = JSON.stringify(words.slice(start, start + n));
    if (seen.has(gram)) return true;
    seen.add(gram);
  }
  return false;
}

/** The metric "loops": the share of responses in which 8 words in a row stand twice. */
export const loopsMetric: Metric = {
  name: "loops",
  share: true,
  measure: (responses) => responses.map(({ response }) => (repeats(response) ? 1 : 0)),
};

/**
 * The metric "lowDiversity": the share of responses whose diversity is below 0.3. Responses of fewer than 8 words do not count among them:
 * by its definition the diversity of a text that is too short for n-grams is low, whatever it says.
 */
export const lowDiversityMetric: Metric = {
  name: "lowDiversity",
  share: true,
  measure: (responses) =>
    responses.map(({ response }) => (treebankWords(response).length >= GRAM && diversity(response) < LEAST_DIVERSITY ? 1 : 0)),
};
