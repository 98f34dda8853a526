/** What a loaded reward costs an answer that it does not guide: in the library, without a server. */
import { rotated } from "../../src/bench/rounds.js";
import { pairedRatio, type Summary } from "../../src/bench/summary.js";
import { type Decoder, type GenerateOptions, load } from "../../src/index.js";
import type { ServedPair, ServeOptions } from "./measure.js";

/** What a request with weight 0 is decoded by. */
const UNGUIDED: GenerateOptions = { ending: "never", dryMultiplier: 0, method: "greedy" };
/** One answer alone is short: more rounds than servers are measured in. */
const TIMES = 4;

/** Tokens a second of an unguided answer with the reward loaded, as a share of those without. */
export async function unguidedShare(pair: ServedPair, options: ServeOptions): Promise<Summary | null> {
  const { threads, rounds } = options;
  const own = { policy: pair.policy, gpu: false, contextSize: 1024, ...(threads !== undefined && { threads }) } as const;
  const decoders = new Map<string, Decoder>();
  const speeds = new Map<string, number[]>([
    ["with", []],
    ["without", []],
  ]);
  try {
    decoders.set("with", await load({ ...own, reward: pair.reward }));
    decoders.set("without", await load({ ...own, reward: null }));
    for (let round = -1; round < TIMES * rounds; round++) {
      for (const [name, decoder] of rotated([...decoders], round + 1)) {
        const prompt = `${round}. ${options.prompts[0] ?? ""}`;
        const { timings } = await decoder.generate(prompt, { ...UNGUIDED, maxTokens: options.maxTokens });
        if (round >= 0) speeds.get(name)?.push(1000 / (timings.policy + timings.reward + timings.other));
      }
    }
  } finally {
    for (const decoder of decoders.values()) await decoder.dispose();
  }
  return pairedRatio(speeds.get("with"), speeds.get("without"));
}
