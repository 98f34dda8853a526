// Colours of tokens: orange for low rewards, blue for high ones, which every kind of colour vision tells apart.

const LOW = "234 120 30";
const HIGH = "30 130 235";

/** Rewards beyond this look the same: most heads are scaled to a spread of about one. */
export const WIDEST = 4;

/**
 * A CSS colour to lay behind a token; transparent for none.
 *
 * @param {number | null} reward
 */
export function rewardColour(reward) {
  if (reward === null) return "transparent";
  const share = Math.max(-1, Math.min(1, reward / WIDEST));
  return `rgb(${share < 0 ? LOW : HIGH} / ${(0.55 * Math.abs(share)).toFixed(3)})`;
}

/** A CSS gradient over all of them. */
export function rewardScale() {
  return `linear-gradient(90deg, ${[-1, -0.5, 0, 0.5, 1].map((share) => rewardColour(share * WIDEST)).join(", ")})`;
}
