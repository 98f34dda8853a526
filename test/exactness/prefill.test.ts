/** Prompts that are decoded in parts, between the steps of others: the same answers. */
import { describe, expect, it } from "vitest";
import { PREFILL_PART } from "../../src/decode/scheduler.js";
import type { Decoder, GenerateOptions, GenerateResult } from "../../src/index.js";
import { modelFolder, withPair } from "../helpers/model-folder.js";
import { expectSameResult } from "../helpers/rounding.js";

const OPTIONS: GenerateOptions = { topK: 10, weight: 0.6, template: "none", ending: "never", maxTokens: 6 };
/** Every letter is a token: several parts. */
const LONG = "salt and wind, the sea and a tall ship, and all who sail on her. ".repeat(3);

const folder = modelFolder();
const pair = folder.writePair(41, {}, { layers: 3 });

async function decodesOf<T>(decoder: Decoder, work: () => Promise<T>): Promise<{ result: T; decodes: number }> {
  const before = decoder.counters();
  const result = await work();
  const after = decoder.counters();
  return { result, decodes: after.policyDecodes + after.rewardDecodes - before.policyDecodes - before.rewardDecodes };
}

describe("a long prompt beside a response under way", () => {
  it.for([
    ["args", {}],
    ["blocks", { method: "blocks", block: 3, drafts: 3, blockReward: "mean", seed: 5 }],
    ["unguided", { method: "greedy" }],
  ] as const)("of %s is decoded in parts, and both are as they are alone", async ([, own]) => {
    const options: GenerateOptions = { ...OPTIONS, ...own };
    const wanted = new Map<string, GenerateResult>();
    for (const prompt of ["the sea", LONG]) {
      await withPair(pair, async (decoder) => wanted.set(prompt, await decoder.generate(prompt, options)));
    }
    await withPair(
      pair,
      async (decoder) => {
        const running = decoder.stream("the sea", options);
        const steps = running[Symbol.asyncIterator]();
        await steps.next();
        const long = decoder.generate(LONG, options);
        const first = running.result;
        expectSameResult(await first, wanted.get("the sea") as GenerateResult);
        expectSameResult(await long, wanted.get(LONG) as GenerateResult);
      },
      { slots: 2 },
    );
  });

  it("leaves the others a step between two parts", async () => {
    await withPair(
      pair,
      async (decoder) => {
        let steps = 0;
        let done = false;
        const other = decoder.stream("the sea", { ...OPTIONS, maxTokens: 200, onStep: () => void steps++ });
        await other.next();
        const result = other.result;
        steps = 0;
        const { decodes } = await decodesOf(decoder, async () => {
          await decoder.generate(LONG, { ...OPTIONS, maxTokens: 1 });
          done = true;
        });
        expect(done).toBe(true);
        // Policy and reward model read it.
        const parts = Math.ceil((2 * LONG.length) / PREFILL_PART);
        expect(steps).toBeGreaterThanOrEqual(parts - 1);
        expect(decodes).toBeGreaterThan(parts + 2 * (parts - 1));
        await other.return({} as never);
        await result.catch(() => {});
      },
      { slots: 2 },
    );
  });

  it("can be aborted between two parts, and leaves its slot fit for the next prompt", async () => {
    const wanted = await withPair(pair, (decoder) => decoder.generate(LONG, OPTIONS));
    await withPair(
      pair,
      async (decoder) => {
        const controller = new AbortController();
        let steps = 0;
        let refused: Promise<void> | undefined;
        const other = decoder.generate("the sea", {
          ...{ ...OPTIONS, maxTokens: 30 },
          onStep: () => {
            steps++;
            if (steps === 1) {
              const aborted = decoder.generate(LONG, { ...OPTIONS, slot: 1, signal: controller.signal });
              refused = expect(aborted).rejects.toMatchObject({ code: "ABORTED" });
            }
            if (steps === 3) controller.abort();
          },
        });
        await other;
        await refused;
        expect(refused).toBeDefined();
        expect(decoder.counters().rewardPrefillTokens).toBeLessThan(LONG.length);
        expectSameResult(await decoder.generate(LONG, { ...OPTIONS, slot: 1 }), wanted);
      },
      { slots: 2 },
    );
  });
});

describe("a short prompt behind a long one", () => {
  const roomy = folder.writePair(42, { contextLength: 4096 }, { contextLength: 4096 });
  const ALONE: GenerateOptions = { ...OPTIONS, maxTokens: 2 };
  const SHORT = "a tall ship";
  const prefilled = (decoder: Decoder) => decoder.counters().policyPrefillTokens + decoder.counters().rewardPrefillTokens;

  async function until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise(setImmediate);
  }

  it("has its first token within two parts, and both are as they are alone", async () => {
    const long = LONG.repeat(16);
    const wanted: GenerateResult[] = [];
    for (const prompt of [long, SHORT]) wanted.push(await withPair(roomy, (decoder) => decoder.generate(prompt, ALONE)));
    await withPair(
      roomy,
      async (decoder) => {
        const first = decoder.generate(long, ALONE);
        await until(() => prefilled(decoder) > 0);
        const before = prefilled(decoder);
        let after: number | undefined;
        const onStep = (): void => {
          after ??= prefilled(decoder);
        };
        const second = await decoder.generate(SHORT, { ...ALONE, onStep });
        expect(after).toBeLessThanOrEqual(before + 2 * PREFILL_PART);
        expectSameResult(second, wanted[1] as GenerateResult);
        expectSameResult(await first, wanted[0] as GenerateResult);
        // Both begin with the start token: nothing is decoded twice.
        expect(decoder.counters()).toMatchObject({
          policyPrefillTokens: long.length + SHORT.length - 1,
          rewardPrefillTokens: 1 + long.length + SHORT.length,
        });
      },
      { slots: 2 },
    );
  });

  it("waits for a beginning that both have, and finds it", async () => {
    const system = LONG.repeat(2);
    await withPair(
      roomy,
      async (decoder) => {
        const first = decoder.generate(system + "z".repeat(1000), ALONE);
        await until(() => prefilled(decoder) > 0);
        await decoder.generate(`${system}a`, ALONE);
        const { policyPrefillTokens } = decoder.counters();
        expect(policyPrefillTokens).toBeLessThan(1000);
        await first;
        expect(decoder.counters()).toMatchObject({
          policyPrefillTokens: system.length + 1000,
          rewardPrefillTokens: 1 + system.length + 1000 + 1,
        });
      },
      { slots: 2 },
    );
  });
});
