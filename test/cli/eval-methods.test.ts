import { describe, expect, it } from "vitest";
import { methodsOf } from "../../src/cli/flags/methods.js";
import { DEFAULT_METHODS } from "../../src/evaluate/index.js";
import type { DecodingSettings } from "../../src/index.js";

const POLICY: DecodingSettings = { dryMultiplier: 0.8, ending: "policy" };
const ARGS: DecodingSettings = { method: "args", topK: 5, weight: 0.3, combine: "interpolate", select: "greedy", ...POLICY };
const OF_BLOCKS = { block: 8, drafts: 6, keepDrafts: 3, blockReward: "mean", select: "stochastic", temperature: 0.5, topK: 20 } as const;
const BLOCKS: DecodingSettings = { method: "blocks", ...OF_BLOCKS, ...POLICY };

describe("methods of eval", () => {
  it("are the library's where nothing is said", () => {
    expect(methodsOf({}, {})).toBeUndefined();
  });

  it("take of settings what is theirs, the policy's samplers all", () => {
    expect(methodsOf({ methods: ["greedy", "args-stochastic", "blocks"] }, ARGS)).toEqual([
      { name: "greedy", ...POLICY },
      { name: "args-stochastic", topK: 5, weight: 0.3, combine: "interpolate", ...POLICY },
      { name: "blocks", ...POLICY },
    ]);
    expect(methodsOf({ methods: ["greedy", "args-greedy", "blocks"] }, BLOCKS)).toEqual([
      { name: "greedy", ...POLICY },
      { name: "args-greedy", ...POLICY },
      { name: "blocks", ...OF_BLOCKS, ...POLICY },
    ]);
  });

  it("have blocks among them where the settings are of blocks", () => {
    const names = (settings: DecodingSettings) => methodsOf({}, settings)?.map((each) => (typeof each === "string" ? each : each.name));
    expect(names(ARGS)).toEqual(DEFAULT_METHODS);
    expect(names(BLOCKS)).toEqual([...DEFAULT_METHODS, "blocks"]);
  });
});
