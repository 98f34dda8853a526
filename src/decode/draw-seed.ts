import { createHash } from "node:crypto";

/**
 * The seed of one draw of one prompt, an unsigned 32-bit number: the same for every method, so that methods that draw share
 * their luck, and the same wherever a resumed run begins.
 */
export function drawSeed(seed: number, index: number, draw: number): number {
  return createHash("sha256").update(`${seed}/${index}/${draw}`).digest().readUInt32LE(0);
}
