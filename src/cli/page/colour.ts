/** Rewards as colours: amber for low, grey between, blue for high; told apart by every kind of eye, on light and dark. */

/** The colours' ends. */
export interface Scale {
  low: number;
  high: number;
}

type Rgb = readonly [red: number, green: number, blue: number];

const STOPS: readonly Rgb[] = [
  [232, 116, 59],
  [190, 150, 130],
  [150, 158, 168],
  [95, 165, 205],
  [38, 166, 240],
];

/** How many different colours a page uses. */
export const SHADES = 25;

/** Where a reward lies between the scale's ends: 0…SHADES - 1. */
export function shade(reward: number, { low, high }: Scale): number {
  const position = high === low ? 0.5 : (reward - low) / (high - low);
  return Math.round(Math.min(1, Math.max(0, position)) * (SHADES - 1));
}

/** A shade as [red, green, blue]. */
export function rgb(index: number): Rgb {
  const position = (index / (SHADES - 1)) * (STOPS.length - 1);
  const below = Math.min(STOPS.length - 2, Math.floor(position));
  const [from, to] = [STOPS[below] as Rgb, STOPS[below + 1] as Rgb];
  const between = (channel: 0 | 1 | 2): number => Math.round(from[channel] + (to[channel] - from[channel]) * (position - below));
  return [between(0), between(1), between(2)];
}
