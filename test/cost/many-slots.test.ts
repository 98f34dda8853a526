/** What many prompts cost on many slots: read off the counters, not off a clock. */
import { describe, expect, it } from "vitest";
import type { GenerateOptions } from "../../src/index.js";
import { modelFolder, withPair } from "../helpers/model-folder.js";

const OPTIONS: GenerateOptions = { topK: 5, template: "none", ending: "never" };
const SYSTEM = "salt and wind, the sea and a tall ship, and all who sail on her. ";
/** The start token and the system prompt; every letter is a token. */
const COMMON = 1 + SYSTEM.length;

const folder = modelFolder();
const pair = folder.writePair(121, {}, { layers: 2 });

/** Each its own from the first letter on, some longer than others. */
const conversations = Array.from({ length: 26 }, (_, at) => String.fromCharCode(97 + at) + "sea".repeat(at % 5));
const letters = conversations.join("").length;

describe("a system prompt over many conversations is decoded once", () => {
  // Contexts of the policy hold up to 16 slots, those of the reward model one or two.
  it.for([4, 16, 20])("on %i slots", async (slots) => {
    const prompts = [...conversations, ...conversations, ...conversations, ...conversations].map((user) => SYSTEM + user);
    const rated = { ...OPTIONS, maxTokens: 2 };
    await withPair(
      pair,
      async (decoder) => {
        await decoder.generateAll(prompts.slice(0, slots), rated);
        const sharing = slots - 1;
        const first = prompts.slice(0, slots).reduce((sum, prompt) => sum + prompt.length - SYSTEM.length, 0);
        expect(decoder.counters()).toMatchObject({
          // The policy leaves a prompt's last token to the first step.
          policyPrefillTokens: COMMON + first - slots,
          rewardPrefillTokens: COMMON + first,
        });
        expect(decoder.counters().policySharedTokens).toBeGreaterThanOrEqual(sharing * COMMON);
        expect(decoder.counters().rewardSharedTokens).toBeGreaterThanOrEqual(sharing * COMMON);
        await decoder.generateAll(prompts, rated);
        // At most every conversation's own letters again: never the system prompt.
        expect(decoder.counters().policyPrefillTokens).toBeLessThanOrEqual(COMMON + first + 4 * letters);
      },
      { slots },
    );
  });

  it("also when the responses are asked for one by one, at once", async () => {
    await withPair(
      pair,
      async (decoder) => {
        await Promise.all(conversations.map((user) => decoder.generate(SYSTEM + user, { ...OPTIONS, maxTokens: 3 })));
        expect(decoder.counters().policyPrefillTokens).toBe(COMMON + letters - conversations.length);
      },
      { slots: 8 },
    );
  });
});
