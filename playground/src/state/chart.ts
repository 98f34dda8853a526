/** Geometry of the reward curve: rewards by token, over one axis of both answers. */
import type { Scale } from "../../../src/cli/page/colour.js";

export interface Frame {
  width: number;
  height: number;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

export interface Chart {
  x: (index: number) => number;
  y: (reward: number) => number;
  /** Which token lies nearest. */
  indexAt: (x: number) => number;
  xTicks: number[];
  yTicks: number[];
}

export function chartOf({ width, height, left, right, top, bottom }: Frame, tokens: number, { low, high }: Scale): Chart {
  const yTicks = ticks(low, high, 5);
  const [from, to] = [Math.min(low, yTicks[0] ?? low), Math.max(high, yTicks.at(-1) ?? high)];
  const span = Math.max(1, tokens - 1);
  const across = width - left - right;
  return {
    x: (index) => left + (across * index) / span,
    y: (reward) => height - bottom - ((height - top - bottom) * (reward - from)) / (to - from || 1),
    indexAt: (x) => Math.min(tokens - 1, Math.max(0, Math.round(((x - left) / across) * span))),
    xTicks: ticks(1, Math.max(2, tokens), Math.max(2, Math.floor(across / 60))).filter(
      (tick) => Number.isInteger(tick) && tick >= 1 && tick <= tokens,
    ),
    yTicks,
  };
}

/** Round numbers that enclose low to high, about `count` steps apart. */
export function ticks(low: number, high: number, count: number): number[] {
  const rough = (high - low || 1) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((each) => each * power >= rough) ?? 10);
  const first = Math.floor(low / step);
  const last = Math.ceil(high / step);
  return Array.from({ length: last - first + 1 }, (_, at) => Number(((first + at) * step).toPrecision(12)));
}

/** A path through what is there; where a gate left a reward out, straight on to the next. */
export function pathOf(rewards: readonly (number | null)[], { x, y }: Chart): string {
  const points = rewards.flatMap((reward, index) => (reward === null ? [] : `${x(index).toFixed(1)} ${y(reward).toFixed(1)}`));
  return points.length === 0 ? "" : `M${points.join("L")}`;
}
