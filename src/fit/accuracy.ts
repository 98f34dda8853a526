/** How well a head ranks pairs, by how much of them has been read. */
import { type Interval, wilson } from "../statistics.js";
import { included, type Pairs, type Problem, rewardOf } from "./mean-loss.js";
import { PLACES, type PlaceName, placeName } from "./prefixes.js";

/** How often the chosen response has the higher reward when both are read up to a place; low and high: its 95 % interval. */
export interface PlaceAccuracy extends Interval {
  /** Response tokens read, of both alike; "end": the last token of each; "turn end": the token that ends the turn behind it. */
  tokens: PlaceName;
  pairs: number;
  accuracy: number;
}

export interface Accuracies {
  /** Of the pairs, those that were made long among them. */
  accuracy: PlaceAccuracy[];
  /** Of preferred responses against copies that repeat. */
  repetition: PlaceAccuracy[];
}

/** Places that no pair reaches are left out. */
export async function accuraciesByPlace(pairs: Pairs, { weight, includes }: Problem): Promise<Accuracies> {
  const [own, repetition] = [counters(), counters()];
  for await (const { kind, places, values } of included(pairs, includes)) {
    const counts = kind === "repetition" ? repetition : own;
    for (const [row, place] of places.entries()) {
      counts[place].pairs += 1;
      const [chosen, rejected] = ([0, 1] as const).map((side) => rewardOf(weight, values, { row, side }));
      if (chosen > rejected) counts[place].correct += 1;
    }
  }
  return { accuracy: shares(own), repetition: shares(repetition) };
}

interface Counter {
  pairs: number;
  correct: number;
}

function counters(): Counter[] {
  return Array.from({ length: PLACES }, () => ({ pairs: 0, correct: 0 }));
}

function shares(counts: readonly Counter[]): PlaceAccuracy[] {
  const all = counts.map(({ pairs, correct }, place) => {
    return { tokens: placeName(place), pairs, accuracy: correct / pairs, ...wilson(correct, pairs) };
  });
  return all.filter(({ pairs }) => pairs > 0);
}
