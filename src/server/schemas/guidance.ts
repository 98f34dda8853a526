/** The object `argsearch` of a request: guidance under the library's names. */
import { z } from "zod";

const share = z.number().min(0).max(1);
const fromZero = z.number().min(0);
const positive = z.number().gt(0);
/** More than any response has. */
const count = z
  .int()
  .min(1)
  .max(2 ** 31 - 1);
const window = z.int().min(-1);

const gate = z.union([
  z.enum(["off", "bound", "predicted", "predicted-only"]),
  z.strictObject({ entropy: fromZero }),
  z.strictObject({ topProbability: share }),
  z.strictObject({ predicted: z.number().min(1e-6).max(0.5) }),
]);

export const guidance = z
  .strictObject({
    method: z.enum(["args", "blocks", "greedy", "sample"]),
    weight: fromZero,
    topK: z.int().min(0),
    combine: z.enum(["interpolate", "additive"]),
    select: z.enum(["greedy", "stochastic"]),
    ending: z.enum(["reward", "policy", "never"]),
    gate,
    lookahead: z.union([z.enum(["off", "auto"]), z.int().min(1).max(16)]),
    block: z.union([z.literal("response"), count]),
    drafts: z.int().min(1).max(256),
    keepDrafts: z.int().min(1).max(256),
    blockReward: z.enum(["end", "mean"]),
    rewards: z.boolean(),
    rewardAt: z.enum(["last", "end"]),
    candidates: z.boolean(),
    grammar: z.string().min(1),
    repeatPenalty: positive,
    repeatLastN: window,
    dryMultiplier: fromZero,
    dryBase: z.number().min(1),
    dryAllowedLength: z.int().min(0),
    dryPenaltyLastN: window,
    drySequenceBreakers: z.array(z.string().min(1)).max(64),
    topNSigma: z.number(),
    minP: share,
    xtcProbability: share,
    xtcThreshold: share,
    policyTemperature: positive,
  })
  .partial()
  .meta({ id: "Guidance", description: "How the answer is guided; names and ranges are those of the library's GenerateOptions." });

export type Guidance = z.infer<typeof guidance>;
