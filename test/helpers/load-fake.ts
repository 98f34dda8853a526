import type { Decoder } from "../../src/decode/decoder.js";
import { load } from "../../src/decode/load.js";
import type { LoadOptions } from "../../src/types.js";

/** A decoder on the fake binding: policy and reward by the fake's file names. */
export function loadFake(options: LoadOptions = {}): Promise<Decoder> {
  return load({ engineDir: "/fake", policy: "policy", reward: "reward", ...options });
}
