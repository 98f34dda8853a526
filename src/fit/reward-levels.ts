/** How high rewards are, and whether an ending is worth what the answer is worth. */
import { Moments, mean } from "../statistics.js";
import { included, type Pairs, type Problem, rewardOf } from "./mean-loss.js";
import { END, TURN_END } from "./prefixes.js";

/** What the token that ends the turn has above the last one of the text, over preferred responses; in deviations of rewards. */
export interface EndLevel {
  pairs: number;
  /** Mean difference. */
  difference: number;
  /** Mean of its absolute value. */
  absolute: number;
}

/** Of weight · h over both sides, every reading of a pair weighing the same; copies that repeat aside. */
export async function rewardMoments(pairs: Pairs, { weight, includes }: Problem): Promise<Moments> {
  const moments = new Moments();
  for await (const { kind, places, values } of included(pairs, includes)) {
    if (kind === "repetition") continue;
    for (let row = 0; row < places.length; row++) {
      for (const side of [0, 1] as const) moments.add(rewardOf(weight, values, { row, side }), 1 / places.length);
    }
  }
  return moments;
}

/** `deviation`: of the rewards. Null where no pair was read at the end of the turn. */
export async function endLevel(pairs: Pairs, { weight, includes }: Problem, deviation: number): Promise<EndLevel | null> {
  const differences: number[] = [];
  for await (const { kind, places, values } of included(pairs, includes)) {
    const [last, turn] = [places.indexOf(END), places.indexOf(TURN_END)];
    if (kind !== "pair" || last < 0 || turn < 0) continue;
    const [before, behind] = [last, turn].map((row) => rewardOf(weight, values, { row, side: 0 }));
    differences.push((behind - before) / deviation);
  }
  if (differences.length === 0) return null;
  return { pairs: differences.length, difference: mean(differences), absolute: mean(differences.map(Math.abs)) };
}
