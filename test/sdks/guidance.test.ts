/** What the AI SDK's settings become, case by case. */
import { describe, expect, it } from "vitest";
import { guidanceOf, type LanguageModelOptions } from "../../src/ai-sdk/guidance.js";
import type { LanguageModelCall, ModelWarning } from "../../src/ai-sdk/interface.js";
import type { DecoderInfo } from "../../src/decode/decoder.js";
import type { DecodingSettings, GenerateOptions } from "../../src/types.js";

type Settings = Omit<LanguageModelCall, "prompt" | "providerOptions">;

interface Case {
  call?: Settings;
  own?: LanguageModelOptions;
  /** Of load(). */
  settings?: DecodingSettings;
  rewarded?: boolean;
  /** Of the policy. */
  architecture?: string;
  contextSize?: number;
}

function guided({ call = {}, own, settings = {}, rewarded = true, architecture = "llama", contextSize = 512 }: Case) {
  const warnings: ModelWarning[] = [];
  const info = { policy: { architecture }, contextSize, objectives: rewarded ? ["reward"] : [], settings } as unknown as DecoderInfo;
  const { options, method } = guidanceOf({ ...call, prompt: [], ...(own && { providerOptions: { argsearch: own } }) }, info, warnings);
  const { maxTokens, signal, ...rest } = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  expect(signal).toBeUndefined();
  return { options: rest as GenerateOptions, maxTokens, method, warnings };
}

describe("by the temperature", () => {
  it.each<[string, Case, string, GenerateOptions]>([
    ["none: as the library does", {}, "args", {}],
    ["0: the highest score", { call: { temperature: 0 } }, "args", { temperature: 0 }],
    ["args: a draw by the scores", { call: { temperature: 0.7 } }, "args", { temperature: 0.7, select: "stochastic" }],
    ["args, but own select", { call: { temperature: 0.7 }, own: { select: "greedy" } }, "args", { temperature: 0.7, select: "greedy" }],
    ["own temperature", { call: { temperature: 0.7 }, own: { temperature: 2 } }, "args", { temperature: 2, select: "stochastic" }],
    ["settings that draw, none", { settings: { select: "stochastic" } }, "args", { select: "stochastic" }],
    [
      "blocks: the drafts'",
      { call: { temperature: 0.7 }, own: { method: "blocks" } },
      "blocks",
      { method: "blocks", policyTemperature: 0.7 },
    ],
    ["no reward, none", { rewarded: false }, "greedy", { method: "greedy" }],
    ["no reward, 0", { rewarded: false, call: { temperature: 0 } }, "greedy", { method: "greedy" }],
    ["no reward: a sample", { rewarded: false, call: { temperature: 0.7 } }, "sample", { method: "sample", temperature: 0.7 }],
    ["settings sample, none", { settings: { method: "sample" } }, "sample", { method: "sample" }],
    ["settings sample, 0", { settings: { method: "sample" }, call: { temperature: 0 } }, "greedy", { method: "greedy" }],
    ["own greedy stays", { own: { method: "greedy" }, call: { temperature: 0.7 } }, "greedy", { method: "greedy" }],
    ["weight 0, none", { own: { weight: 0 } }, "greedy", { weight: 0, method: "greedy" }],
    ["weight 0: a sample", { own: { weight: 0 }, call: { temperature: 0.7 } }, "sample", { weight: 0, method: "sample", temperature: 0.7 }],
    ["weight 0, own", { own: { weight: 0, temperature: 2 } }, "sample", { weight: 0, method: "sample", temperature: 2 }],
    ["settings' weight 0", { settings: { weight: 0 } }, "greedy", { method: "greedy" }],
    ["settings' weight 0, own weight", { settings: { weight: 0 }, own: { weight: 0.5 } }, "args", { weight: 0.5 }],
  ])("%s", (_, each, method, options) => {
    const found = guided(each);
    expect(found).toMatchObject({ method, warnings: [] });
    expect(found.options).toEqual(options);
  });

  it("0 for blocks is warned of", () => {
    const { options, warnings } = guided({ call: { temperature: 0 }, own: { method: "blocks" } });
    expect(options).toEqual({ method: "blocks" });
    expect(warnings).toMatchObject([{ type: "unsupported", feature: "temperature" }]);
  });
});

describe("by topK", () => {
  it.each<[string, Case, number | undefined]>([
    ["fewer candidates than usual", { call: { topK: 4 } }, 4],
    ["more than there are candidates", { call: { topK: 40 } }, 10],
    ["more than own candidates", { call: { topK: 40 }, own: { topK: 20 } }, 20],
    ["fewer than own candidates", { call: { topK: 4 }, own: { topK: 20 } }, 4],
    ["more than settings' candidates", { call: { topK: 40 }, settings: { topK: 5 } }, 5],
    ["off", { call: { topK: 0 } }, undefined],
    ["of a sample", { call: { topK: 4, temperature: 1 }, rewarded: false }, 4],
    ["of a sample, own", { call: { topK: 4 }, own: { method: "sample", topK: 20 } }, 20],
    ["of a sample by weight 0, whose candidates are none of it", { call: { topK: 4, temperature: 1 }, own: { weight: 0, topK: 20 } }, 4],
    ["of the likeliest token, which it does not change", { call: { topK: 0 }, rewarded: false }, undefined],
    ["of drafts", { call: { topK: 4 }, own: { method: "blocks" } }, 4],
  ])("%s", (_, each, topK) => {
    expect(guided(each).options.topK).toBe(topK);
  });
});

it("passes the rest on, and its own before it", () => {
  const penalties = { topP: 0.9, presencePenalty: 0.1, frequencyPenalty: 0.2, seed: 3 };
  const call = { ...penalties, stopSequences: ["\n"], maxOutputTokens: 5 };
  expect(guided({ call })).toMatchObject({ maxTokens: 5, options: { ...penalties, stop: ["\n"] } });
  const own = { topP: 0.5, minP: 0.1, gate: { entropy: 1 } } as const;
  const options = { ...penalties, ...own, stop: ["\n"] };
  expect(guided({ call, own: { ...own, maxTokens: 7 } })).toMatchObject({ maxTokens: 7, options });
  expect(guided({}).maxTokens).toBe(512);
});

it.each([
  [7, 7],
  [-1, 2 ** 32 - 1],
  [2 ** 40 + 3, 3],
  [undefined, undefined],
])("takes the seed %d as %d", (seed, expected) => {
  expect(guided({ call: { seed } }).options.seed).toBe(expected);
});

it("lets nothing but JSON be written where it is asked for", () => {
  const schema = { type: "object" };
  expect(guided({ call: { responseFormat: { type: "json", schema } } }).options).toEqual({ jsonSchema: schema });
  expect(guided({ call: { responseFormat: { type: "json" } } }).options).toEqual({ jsonSchema: true });
  expect(guided({ call: { responseFormat: { type: "text" } } }).options).toEqual({});
});

it("warns of tools, unless none may be called", () => {
  const tools = [{ type: "function" }];
  const features = (call: Settings) => guided({ call }).warnings.map((warning) => warning.feature);
  expect(features({ tools })).toEqual(["tools"]);
  expect(features({ tools, toolChoice: { type: "none" } })).toEqual([]);
  expect(features({ tools: [], toolChoice: { type: "auto" }, reasoning: "provider-default" })).toEqual([]);
  expect(features({ reasoning: "none" })).toEqual(["reasoning"]);
  for (const type of ["required", "tool"] as const) expect(() => features({ tools, toolChoice: { type } })).toThrow("calls no tools");
});

it("refuses what is no option of its own", () => {
  for (const own of [{ signal: undefined }, { onStep: () => {} }, { k: 3 }, [], "fast"]) {
    expect(() => guided({ own: own as never })).toThrow(/providerOptions\.argsearch/);
  }
});

it("a policy on a server is searched in blocks, and its context is not known", () => {
  const { method, maxTokens } = guided({ architecture: "remote", contextSize: 0 });
  expect([method, maxTokens]).toEqual(["blocks", 1024]);
});
