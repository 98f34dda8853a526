/** What looking ahead decodes: T tokens of the policy one after the other, and all candidates of T steps in one batch. */
import { describe, expect, it } from "vitest";
import type { BeginOptions, NativeStep, SearchCounters } from "../../src/engine/binding.js";
import { SIXTY_TOKENS } from "../helpers/byte-vocabulary.js";
import { modelFolder, withPair } from "../helpers/model-folder.js";
import { beginOptions, TOGETHER, withNativeSearch } from "../helpers/native.js";

const folder = modelFolder();
const pair = folder.writePair(111, {}, { layers: 3 });
const PROMPT = Array.from({ length: 20 }, (_, index) => (7 * index) % SIXTY_TOKENS.bos);

function lookingAhead(steps: number, given: Partial<BeginOptions> = {}): BeginOptions {
  return beginOptions(PROMPT, { topK: 5, weight: 0.1, ending: "never", lookahead: { steps, adapts: false, longest: 200 }, ...given });
}

function decodes(after: SearchCounters, before: SearchCounters): Record<string, number> {
  const names = ["policyTokens", "policyDecodes", "rewardTokens", "rewardDecodes", "rewardProjections"] as const;
  return Object.fromEntries(names.map((name) => [name, after[name] - before[name]]));
}

const takenBy = (steps: readonly NativeStep[], slot: number): number => steps.filter((step) => step.slot === slot).length;

describe("a window of T steps with k candidates", () => {
  it.for([2, 4, 8])("decodes T tokens of the policy and T x k of the reward model, in T decodes and one: T = %i", async (length) => {
    await withNativeSearch(pair, {}, async (search) => {
      await search.begin(0, lookingAhead(length));
      const lengths = new Set<number>();
      for (let call = 0; call < 12; call++) {
        const before = search.counters();
        const { steps } = await search.step(Int32Array.of(0));
        expect(decodes(search.counters(), before)).toEqual({
          policyTokens: length,
          policyDecodes: length,
          rewardTokens: 5 * length,
          rewardDecodes: 1,
          rewardProjections: 0,
        });
        lengths.add(steps.length);
      }
      expect(Math.max(...lengths)).toBeGreaterThan(1);
    });
  });

  it("is as short as the branches, the context and the response allow", async () => {
    await withNativeSearch(pair, { contextSize: 32 }, async (search) => {
      const windowOf = async (options: BeginOptions): Promise<number | undefined> => {
        await search.begin(0, options);
        return (await search.step(Int32Array.of(0))).steps[0]?.window;
      };
      expect(await windowOf(lookingAhead(16))).toBe(8);
      expect(await windowOf(lookingAhead(16, { topK: 20 }))).toBe(2);
      expect(await windowOf(lookingAhead(16, { topK: 21 }))).toBe(1);
      expect(await windowOf(lookingAhead(16, { topK: 1 }))).toBe(12);
      expect(await windowOf(lookingAhead(16, { lookahead: { steps: 16, adapts: false, longest: 3 } }))).toBe(3);
    });
  });

  it("is one of several slots, which share the decodes of each depth, and one batch of the reward model", async () => {
    await withNativeSearch(pair, { slots: 4, slotsPerContext: TOGETHER }, async (search) => {
      const lengths = [2, 4, 3, 1];
      for (const [slot, length] of lengths.entries()) await search.begin(slot, lookingAhead(length));
      const before = search.counters();
      const { steps } = await search.step(Int32Array.of(0, 1, 2, 3));
      expect(decodes(search.counters(), before)).toMatchObject({
        policyTokens: 10,
        policyDecodes: 4,
        rewardTokens: 50,
        rewardDecodes: 2, // one of them for the slot that takes one step at a time
      });
      for (const [slot, length] of lengths.entries()) expect(takenBy(steps, slot)).toBeLessThanOrEqual(length);
    });
  });
});

it("what is taken is not decoded again, and a response decodes less often than it has tokens", async () => {
  await withPair(pair, async (decoder) => {
    const options = { template: "none", topK: 5, weight: 0.1, ending: "never", dryMultiplier: 0, maxTokens: 60 } as const;
    const { usage, lookahead } = await decoder.generate("a tall ship.", { ...options, lookahead: 4 });
    const counters = decoder.counters();
    const calls = 60 - lookahead.accepted;
    expect(counters.rewardDecodes).toBe(1 + calls);
    expect(calls).toBeLessThan(45);
    expect(counters).toMatchObject({
      steps: 60,
      policyPrefillTokens: usage.promptTokens - 1,
      policyTokens: lookahead.proposed + calls,
      rewardTokens: 5 * (lookahead.proposed + calls),
      rewardPrefillTokens: usage.promptTokens,
    });
  });
});

it("on a shared trunk what is taken is decoded for the policy as well: a window takes no decode for its first step", async () => {
  const one = folder.write({ seed: 112, labels: ["reward"] });
  await withPair({ policy: one, reward: one }, async (decoder) => {
    expect(decoder.info.sharedTrunk).toBe(true);
    const options = { template: "none", topK: 5, weight: 0.1, ending: "never", dryMultiplier: 0, maxTokens: 60 } as const;
    const { usage, lookahead } = await decoder.generate("a tall ship.", { ...options, lookahead: 4 });
    const calls = 60 - lookahead.accepted;
    expect(lookahead.accepted).toBeGreaterThan(15);
    expect(decoder.counters()).toMatchObject({
      policyPrefillTokens: usage.promptTokens - 1,
      policyTokens: 1 + lookahead.proposed, // the prompt's last token, and what was looked ahead to
      policyDecodes: 2 + lookahead.proposed,
      rewardTokens: 5 * (lookahead.proposed + calls),
      rewardDecodes: calls,
      rewardPrefillTokens: 0,
    });
  });
});

it("auto finds out what a decode costs, and stays with the tokens of one step at a time", async () => {
  await withPair(pair, async (decoder) => {
    const options = { template: "none", topK: 5, weight: 0.1, ending: "never", dryMultiplier: 0, maxTokens: 100 } as const;
    const { lookahead } = await decoder.generate("a tall ship.", { ...options, lookahead: "auto" });
    expect(lookahead.windows).toBeGreaterThan(0);
    expect(lookahead.accepted).toBeLessThanOrEqual(lookahead.proposed);
  });
});
