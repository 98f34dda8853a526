/** Numbers at which readers of binary files go wrong. */
import type { Random } from "../../helpers/random.js";

export const COUNTS: readonly bigint[] = [
  0n,
  1n,
  2n,
  1n << 16n,
  1n << 31n,
  1n << 32n,
  1n << 40n,
  (1n << 63n) - 1n,
  1n << 63n,
  (1n << 64n) - 1n,
];

/** A count as it might be wrong: by one, or altogether. */
export function wrongCount(count: bigint, random: Random): bigint {
  return random.pick([count + 1n, count - 1n, count * 2n, ...COUNTS]);
}
