/**
 * What a preferred response is worth should not change with reading on: not at the token that ends its turn, which adds nothing to it, and
 * as little as may be with what follows a prefix. The squared differences are the squared Bellman residual of FaRMA (Rashid et al., Towards
 * cost-effective reward guided text generation, ICML 2025, https://arxiv.org/abs/2502.04517) and the TD error of others, without discount.
 */
import { type Difference, type Loss, remembered } from "./mean-loss.js";
import { TURN_END } from "./prefixes.js";

/** How much what follows counts beside the end of the turn: later words do tell more, so not all of that difference is an error. */
export const FOLLOWING_SHARE = 0.1;

/** Half the square of what the end of the turn adds to the last token. */
export const ENDING: Loss = halfSquares((place) => place === TURN_END);

/** Half the square of what a place adds to the one before it, up to the last token. */
export const FOLLOWING: Loss = halfSquares((place) => place !== TURN_END);

/** From row to row of the preferred side; in records of repetition that is a response which others have already. */
function halfSquares(counts: (place: number) => boolean): Loss {
  const steps = remembered((places) =>
    places.flatMap((place, row): Difference[] => (row > 0 && counts(place) ? [[stateAt(row), stateAt(row - 1)]] : [])),
  );
  return {
    differences: ({ kind, places }) => (kind === "repetition" ? [] : steps(places)),
    curve: (margin) => (margin * margin) / 2,
    slope: (margin) => margin,
  };
}

function stateAt(row: number) {
  return { row, side: 0 } as const;
}
