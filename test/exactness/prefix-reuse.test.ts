import { describe, expect, it } from "vitest";
import type { Decoder, GenerateOptions, GenerateResult, SearchCounters } from "../../src/index.js";
import { modelFolder, withPair } from "../helpers/model-folder.js";
import { expectSameResult } from "../helpers/rounding.js";

const OPTIONS: GenerateOptions = { topK: 10, weight: 0.6, template: "none", maxTokens: 10 };
const FIRST = "a tall ship sails at dawn.";

const folder = modelFolder();
const pair = folder.writePair(31, {}, { layers: 3 });

type Prefill = Pick<SearchCounters, "policyPrefillTokens" | "rewardPrefillTokens">;

/** A response, with the prompt tokens that were decoded for it. */
async function prefilled(decoder: Decoder, prompt: string, options = OPTIONS): Promise<{ result: GenerateResult; prefill: Prefill }> {
  const before = decoder.counters();
  const result = await decoder.generate(prompt, options);
  const after = decoder.counters();
  return {
    result,
    prefill: {
      policyPrefillTokens: after.policyPrefillTokens - before.policyPrefillTokens,
      rewardPrefillTokens: after.rewardPrefillTokens - before.rewardPrefillTokens,
    },
  };
}

/** Decodes FIRST, then `next` in the same slot and in a decoder that has seen nothing. */
async function secondTurn(next: (first: GenerateResult) => string) {
  return withPair(pair, async (decoder) => {
    const first = await decoder.generate(FIRST, OPTIONS);
    expect(first.finishReason).toBe("length");
    const prompt = next(first);
    const { result, prefill } = await prefilled(decoder, prompt);
    const fresh = await withPair(pair, (other) => other.generate(prompt, OPTIONS));
    return { first, result, prefill, fresh };
  });
}

describe("a prompt that shares a prefix with what the slot holds", () => {
  it("decodes the next turn from what is new alone, in both models", async () => {
    const more = " and then?";
    const { first, result, prefill, fresh } = await secondTurn(({ text }) => FIRST + text + more);
    // The policy never decoded the last token of the first response, and leaves the last of the prompt to the first step.
    expect(prefill).toEqual({ policyPrefillTokens: more.length, rewardPrefillTokens: more.length });
    expect(result.usage.cachedTokens).toBe(first.usage.promptTokens + first.tokens.length - 1);
    expect(result.usage.promptTokens).toBe(first.usage.promptTokens + first.tokens.length + more.length);
    expect(fresh.usage.cachedTokens).toBe(0);
    expectSameResult(result, fresh);
  });

  it("goes back to where the two part", async () => {
    const { result, prefill, fresh } = await secondTurn(() => "a tall ship waits.");
    const [shared, own] = ["a tall ship ".length, "waits.".length];
    expect(prefill).toEqual({ policyPrefillTokens: own - 1, rewardPrefillTokens: own });
    expect(result.usage.cachedTokens).toBe(1 + shared); // with the bos token
    expectSameResult(result, fresh);
  });

  it("decodes the same prompt again without prefill", async () => {
    const { first, result, prefill } = await secondTurn(() => FIRST);
    expect(prefill).toEqual({ policyPrefillTokens: 0, rewardPrefillTokens: 0 });
    expectSameResult(result, first);
  });

  it("shares nothing with another text but the bos token", async () => {
    const { result, fresh } = await secondTurn(() => "no wind.");
    expect(result.usage.cachedTokens).toBe(1);
    expectSameResult(result, fresh);
  });
});

it("chooses the slot whose cache serves the prompt best", async () => {
  await withPair(
    pair,
    async (decoder) => {
      const prompts = ["one fish.", "two ships.", "three birds."];
      const firsts = await decoder.generateAll(prompts, OPTIONS);
      for (const index of [1, 2, 0]) {
        const prompt = `${prompts[index]}${firsts[index].text} more`;
        const { prefill } = await prefilled(decoder, prompt);
        expect(prefill.rewardPrefillTokens).toBe(" more".length);
      }
    },
    { slots: 3 },
  );
});
