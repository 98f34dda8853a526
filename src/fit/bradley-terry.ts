/** The Bradley–Terry model of preferences on hidden states: P(chosen over rejected) = σ(w · (h_chosen − h_rejected)). */
import type { RecordHead } from "./feature-record.js";
import { type Difference, type Loss, remembered } from "./mean-loss.js";

const rowsOf = remembered((places) =>
  places.map(
    (_, row): Difference => [
      { row, side: 0 },
      { row, side: 1 },
    ],
  ),
);

/** The chosen side less the rejected one, a row each. */
export function sides({ places }: RecordHead): readonly Difference[] {
  return rowsOf(places);
}

/** −log σ of each row's margin. */
export const BRADLEY_TERRY: Loss = { differences: sides, curve: softplus, slope: (margin) => -sigmoidOfMinus(margin) };

/** The same without repetition, which is easy to tell and says little about the pairs themselves. */
export const WITHOUT_REPETITION: Loss = { ...BRADLEY_TERRY, differences: (record) => (record.kind === "repetition" ? [] : sides(record)) };

/** log(1 + exp(−m)) without overflow. */
function softplus(margin: number): number {
  return Math.max(0, -margin) + Math.log1p(Math.exp(-Math.abs(margin)));
}

/** σ(−m), likewise. */
function sigmoidOfMinus(margin: number): number {
  const small = Math.exp(-Math.abs(margin));
  return (margin > 0 ? small : 1) / (1 + small);
}
