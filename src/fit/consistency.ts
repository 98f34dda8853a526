/**
 * What a preferred response is worth should not change with reading on: not at the token that ends its turn, which adds nothing to it, and
 * as little as may be with what follows a prefix. The squared differences are the squared Bellman residual of FaRMA (Rashid et al., Towards
 * cost-effective reward guided text generation, ICML 2025, https://arxiv.org/abs/2502.04517) and the TD error of others, without discount.
 */
import type { RecordHead } from "./feature-record.js";
import type { Difference, Loss } from "./mean-loss.js";
import { TURN_END } from "./prefixes.js";

/** How much what follows counts beside the end of the turn: later words do tell more, so not all of that difference is an error. */
export const FOLLOWING_SHARE = 0.1;

/** Half the square of what the end of the turn adds to the last token. */
export const ENDING: Loss = { differences: (record) => steps(record, true), ...halfSquare() };

/** Half the square of what a place adds to the one before it, up to the last token. */
export const FOLLOWING: Loss = { differences: (record) => steps(record, false), ...halfSquare() };

/** From row to row of the preferred side; in records of repetition that is a response which others have already. */
function steps({ kind, places }: RecordHead, ending: boolean): Difference[] {
  if (kind === "repetition") return [];
  return places.flatMap((place, row): Difference[] => {
    if (row === 0 || (place === TURN_END) !== ending) return [];
    return [[stateAt(row), stateAt(row - 1)]];
  });
}

function stateAt(row: number) {
  return { row, side: 0 } as const;
}

function halfSquare(): Pick<Loss, "curve" | "slope"> {
  return { curve: (margin) => (margin * margin) / 2, slope: (margin) => margin };
}
