/** Whether memory grows: by the line through its samples. */
import type { MemorySample } from "./child.js";

export interface TimedMemory extends MemorySample {
  /** Seconds since the start. */
  at: number;
}

export interface Growth {
  samples: number;
  /** MiB of the process, at the median of the first and of the last quarter of the samples. */
  first: number;
  last: number;
  /** MiB a minute, of the process and of JavaScript's heap: the least squares' line. */
  slope: number;
  heapSlope: number;
}

const MIB = 2 ** 20;

/** Of the samples after the warm-up, the first half. */
export function growthOf(all: readonly TimedMemory[]): Growth {
  const samples = all.slice(Math.floor(all.length / 2));
  const quarter = Math.max(1, Math.floor(samples.length / 4));
  const resident = samples.map((each) => each.resident / MIB);
  const times = samples.map(({ at }) => at / 60);
  return {
    samples: samples.length,
    first: median(resident.slice(0, quarter)),
    last: median(resident.slice(-quarter)),
    slope: slopeOf(times, resident),
    heapSlope: slopeOf(
      times,
      samples.map(({ heap }) => heap / MIB),
    ),
  };
}

export function slopeOf(x: readonly number[], y: readonly number[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x0, y0] = [mean(x), mean(y)];
  const over = x.reduce((sum, value, at) => sum + (value - x0) * ((y[at] ?? 0) - y0), 0);
  const under = x.reduce((sum, value) => sum + (value - x0) ** 2, 0);
  return under === 0 ? 0 : over / under;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
