/** Prompts that begin alike, on several slots: what one slot holds, another need not decode. */
import { describe, expect, it } from "vitest";
import type { Decoder, GenerateOptions, GenerateResult, LoadOptions } from "../../src/index.js";
import { modelFolder, withPair } from "../helpers/model-folder.js";
import { expectSameResult } from "../helpers/rounding.js";

const OPTIONS: GenerateOptions = { topK: 10, weight: 0.6, template: "none", ending: "never", maxTokens: 8 };
const SYSTEM = "salt and wind, the sea and a tall ship, and all who sail on her. ";
/** Each begins with a letter of its own, which is a token. */
const USERS = ["one fish", "two ships", "no birds", "four winds"];

const folder = modelFolder();
const pair = folder.writePair(31, {}, { layers: 3 });

/** Prompt tokens that both models decoded for it, and those that they found in other slots. */
async function cost<T>(decoder: Decoder, work: () => Promise<T>): Promise<{ result: T; decoded: number[]; shared: number[] }> {
  const before = decoder.counters();
  const result = await work();
  const after = decoder.counters();
  return {
    result,
    decoded: [after.policyPrefillTokens - before.policyPrefillTokens, after.rewardPrefillTokens - before.rewardPrefillTokens],
    shared: [after.policySharedTokens - before.policySharedTokens, after.rewardSharedTokens - before.rewardSharedTokens],
  };
}

function alone(prompt: string, options: GenerateOptions = {}): Promise<GenerateResult> {
  return withPair(pair, (decoder) => decoder.generate(prompt, { ...OPTIONS, ...options }));
}

function on<T>(options: LoadOptions, work: (decoder: Decoder) => Promise<T>): Promise<T> {
  return withPair(pair, work, options);
}

describe("four users in turn on four slots", () => {
  it("find everything cached that was said before, and the system prompt of whoever came first", async () => {
    await on({ slots: 4 }, async (decoder) => {
      const said = new Map(USERS.map((user) => [user, `${SYSTEM}${user}`]));
      for (const turn of [0, 1, 2]) {
        for (const user of USERS) {
          const prompt = said.get(user) ?? "";
          const { result, decoded, shared } = await cost(decoder, () => decoder.generate(prompt, OPTIONS));
          expectSameResult(result, await alone(prompt));
          const news = turn > 0 ? " and then?".length : user === USERS[0] ? 1 + prompt.length : user.length;
          // The policy leaves a prompt's last token to the first step, and did not decode the last token of an answer.
          expect(decoded).toEqual([turn > 0 ? news : news - 1, news]);
          const common = turn > 0 || user === USERS[0] ? 0 : 1 + SYSTEM.length;
          expect(shared).toEqual([common, common]);
          said.set(user, `${prompt}${result.text} and then?`);
        }
      }
    });
  });

  it("and those whose messages a template writes anew are known by their messages", async () => {
    // What is past is written in another way: no prompt begins with the one before.
    const chatTemplate = "{% for m in messages %}{% if not loop.last %}so {% endif %}{{ m.content }}.{% endfor %}";
    await on({ slots: 2, chatTemplate, reward: null }, async (decoder) => {
      const options = { maxTokens: 4, method: "greedy" } as const;
      const turn = (...texts: string[]) => texts.map((content, at) => ({ role: at % 2 ? "assistant" : "user", content }));
      await decoder.generate(turn("sea"), options);
      await decoder.generate(turn("sky"), options);
      await decoder.generate(turn("sea", "wet", "why"), options);
      await decoder.generate(turn("sky", "blue", "why"), options);
      const { result } = await cost(decoder, () => decoder.generate(turn("sea", "wet", "why", "rain", "how"), options));
      // Its own slot holds "so sea.so wet.why.", the other "so sky.so blue.why.".
      expect(result.usage.cachedTokens).toBeGreaterThanOrEqual("so sea.so wet.".length);
    });
  });
});

describe("a prefix that slots share", () => {
  it("is decoded once for responses that begin together, and each is as it is alone", async () => {
    await on({ slots: 4 }, async (decoder) => {
      const prompts = USERS.map((user) => SYSTEM + user);
      const { result, decoded } = await cost(decoder, () => decoder.generateAll(prompts, OPTIONS));
      for (const [at, prompt] of prompts.entries()) expectSameResult(result[at] as GenerateResult, await alone(prompt));
      const news = 1 + SYSTEM.length + USERS.reduce((sum, user) => sum + user.length, 0);
      expect(decoded).toEqual([news - USERS.length, news]);
    });
  });

  it("stays when the slot that it came from is cleared, or goes on to something else", async () => {
    await on({ slots: 2 }, async (decoder) => {
      const first = await decoder.generate(`${SYSTEM}one`, { ...OPTIONS, slot: 0 });
      const second = await decoder.generate(`${SYSTEM}two`, { ...OPTIONS, slot: 1 });
      await decoder.clear(0);
      const next = `${SYSTEM}two${second.text} more`;
      expectSameResult(await decoder.generate(next, { ...OPTIONS, slot: 1 }), await alone(next));
      expectSameResult(await decoder.generate(`${SYSTEM}one`, { ...OPTIONS, slot: 0 }), first);
    });
  });

  it("serves blocks, and slots of several contexts", async () => {
    const blocks = { method: "blocks", block: 4, drafts: 3, blockReward: "mean", seed: 5 } as const;
    await on({ slots: 3 }, async (decoder) => {
      const prompts = USERS.slice(0, 3).map((user) => SYSTEM + user);
      const results = await decoder.generateAll(prompts, { ...OPTIONS, ...blocks });
      for (const [at, prompt] of prompts.entries()) expectSameResult(results[at] as GenerateResult, await alone(prompt, blocks));
    });
    await on({ slots: 20 }, async (decoder) => {
      const prompts = Array.from({ length: 20 }, (_, at) => SYSTEM + USERS[at % USERS.length]);
      const results = await decoder.generateAll(prompts, { ...OPTIONS, ...blocks });
      const wanted: GenerateResult[] = [];
      for (const user of USERS) wanted.push(await alone(SYSTEM + user, blocks));
      for (const [at, result] of results.entries()) expectSameResult(result, wanted[at % USERS.length] as GenerateResult);
    });
    await on({ slots: 24 }, async (decoder) => {
      const prompts = Array.from({ length: 24 }, (_, at) => `${SYSTEM}${"ab".repeat(1 + (at % 5))}`);
      const results = await decoder.generateAll(prompts, { ...OPTIONS, maxTokens: 3 });
      const wanted = new Map<string, GenerateResult>();
      for (const prompt of new Set(prompts)) wanted.set(prompt, await alone(prompt, { maxTokens: 3 }));
      for (const [at, prompt] of prompts.entries()) expectSameResult(results[at] as GenerateResult, wanted.get(prompt) as GenerateResult);
    });
  });
});
