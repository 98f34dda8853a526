/**
 * What goes wrong while something runs: aborts at every moment, two users of one slot, rewards of JavaScript that fail. The same in this
 * process and in one of its own.
 */
import { getEventListeners } from "node:events";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ArgsearchError, type Decoder, type LoadOptions, load, loadReward, type RewardFunction } from "../../src/index.js";
import { ALL_BYTES } from "../helpers/byte-vocabulary.js";
import { modelFolder, type StoredPair } from "../helpers/model-folder.js";
import { expectError } from "./expect-error.js";

const folder = modelFolder();
const CPU = { gpu: false, threads: 1 } as const;
const SHAPE = { vocabulary: ALL_BYTES, layers: 2, embedding: 64, heads: 2, kvHeads: 1, feedForward: 64, contextLength: 1024 };
const ENDLESS = { template: "none", topK: 3, maxTokens: 1_000_000, ending: "never" } as const;
const SHORT = { ...ENDLESS, maxTokens: 3 } as const;
const LONG_PROMPT = "hello ".repeat(150);

let pair: StoredPair;
beforeAll(() => {
  pair = folder.writePair(4, SHAPE, SHAPE);
});

describe.each([
  ["in this process", false],
  ["isolated", true],
])("%s", (_, isolate) => {
  let decoder: Decoder;
  const paths = (): LoadOptions => ({ policy: pair.policy.path, reward: pair.reward.path, isolate, ...CPU });
  beforeAll(async () => {
    decoder = await load(paths());
  });
  afterAll(() => decoder.dispose());

  async function stillWorks(): Promise<void> {
    expect(await decoder.generate("hello", SHORT)).toMatchObject({ finishReason: "length" });
  }

  describe("an abort", () => {
    const aborted = () => AbortSignal.abort(new Error("enough"));

    test("before anything is ABORTED, with the signal's reason as cause", async () => {
      const calls: (() => Promise<unknown>)[] = [
        () => load({ ...paths(), signal: aborted() }),
        () => loadReward({ reward: pair.reward.path, isolate, ...CPU, signal: aborted() }),
        () => decoder.generate("hello", { signal: aborted() }),
        () => decoder.stream("hello", { signal: aborted() }).next(),
        () => decoder.generateAll(["hello"], { signal: aborted() }),
        () => decoder.score({ prompt: "a", response: "b" }, { signal: aborted() }),
      ];
      for (const call of calls) {
        await expectError(call, "ABORTED", "abort");
        await expect(call()).rejects.toMatchObject({ cause: expect.anything() });
      }
      await stillWorks();
    });

    test("while loading", async () => {
      const controller = new AbortController();
      const options = { ...paths(), signal: controller.signal, onProgress: () => controller.abort() };
      await expectError(() => load(options), "ABORTED", "aborted");
      expect(getEventListeners(controller.signal, "abort")).toEqual([]);
    });

    test("while prefilling: ABORTED, and the cache is as good as before", async () => {
      // Many small batches: an abort lands between two of them, or within one.
      const patient = await load({ ...paths(), batchSize: 8 });
      const expected = await patient.generate(LONG_PROMPT, SHORT);
      const prefilled = async () => (await patient.counters()).policyPrefillTokens;
      const whole = await prefilled();
      let landed = 0;
      for (const delay of [0, 1, 2, 5, 10]) {
        const before = await prefilled();
        const controller = new AbortController();
        const generated = patient.generate(`${delay} ${LONG_PROMPT}`, { ...SHORT, signal: controller.signal });
        const outcome = generated.then(
          () => "works",
          (error: ArgsearchError) => error.code,
        );
        setTimeout(() => controller.abort(), delay);
        if ((await outcome) === "ABORTED" && (await prefilled()) - before < whole) landed += 1;
        expect(await outcome).toMatch(/^(ABORTED|works)$/);
        expect((await patient.generate(LONG_PROMPT, SHORT)).tokens).toEqual(expected.tokens);
      }
      expect(landed).toBeGreaterThan(0);
      await patient.dispose();
    });

    test("between steps resolves with what there is", async () => {
      const controller = new AbortController();
      const tokens: number[] = [];
      const stream = decoder.stream("hello", { ...ENDLESS, signal: controller.signal });
      let next = await stream.next();
      for (; !next.done; next = await stream.next()) {
        tokens.push(next.value.token);
        if (tokens.length === 4) controller.abort();
      }
      expect(next.value).toMatchObject({ finishReason: "aborted", tokens });
      expect(tokens).toHaveLength(4);
      expect(getEventListeners(controller.signal, "abort")).toEqual([]);
      await stillWorks();
    });

    test("while scoring", async () => {
      const inputs = Array.from({ length: 50 }, (_, index) => ({ prompt: `${index} ${LONG_PROMPT}`, response: "yes" }));
      const controller = new AbortController();
      const scored = decoder.score(inputs, { template: "none", signal: controller.signal });
      setTimeout(() => controller.abort(), 5);
      await expectError(() => scored, "ABORTED", "abort");
      await expect(decoder.score({ prompt: "a", response: "b" }, { template: "none" })).resolves.toMatchObject({
        reward: expect.any(Number),
      });
    });

    test("while a reward function thinks", async () => {
      const controller = new AbortController();
      const thinking: RewardFunction = () => {
        controller.abort();
        return new Promise(() => {});
      };
      const guided = await load({ ...paths(), reward: [pair.reward.path, thinking] });
      await expect(guided.generate("hello", { ...ENDLESS, signal: controller.signal })).resolves.toMatchObject({
        finishReason: "aborted",
        tokens: [],
      });
      await guided.dispose();
    });
  });

  describe("one slot", () => {
    test("serves one response after another, in the order in which they were asked for", async () => {
      const ended: string[] = [];
      const responses = ["a", "b", "c"].map(async (prompt) => {
        await (prompt === "b" ? decoder.stream(prompt, SHORT).result : decoder.generate(prompt, SHORT));
        ended.push(prompt);
      });
      await Promise.all(responses);
      expect(ended).toEqual(["a", "b", "c"]);
    });

    test("is BUSY for a response that may not wait, and the first goes on", async () => {
      const impatient = await load({ ...paths(), queue: false });
      const enough = new AbortController();
      const first = impatient.generate("hello", { ...ENDLESS, signal: enough.signal });
      const wrong = { code: "BUSY", details: { slots: 1, waiting: 0 } };
      await expectError(
        () => impatient.generate("hello", SHORT),
        "BUSY",
        /the only slot is in use: wait for a response, or load with slots: 2 or more/,
      );
      await expectError(() => impatient.generate("hello", { ...SHORT, slot: 0 }), "BUSY", /slot 0 is in use/);
      await expect(impatient.stream("hello", SHORT).result).rejects.toMatchObject(wrong);
      await expect(impatient.clear(0)).rejects.toMatchObject(wrong);
      setTimeout(() => enough.abort(), 50);
      expect((await first).tokens.length).toBeGreaterThan(0);
      await impatient.dispose();
    });

    test("is BUSY where too many wait, or too long", async () => {
      const hasty = await load({ ...paths(), queue: { max: 1, timeout: 20 } });
      const held = hasty.stream("hello", ENDLESS);
      await held.next();
      const late = expectError(() => hasty.generate("hello", SHORT), "BUSY", /after 20 ms/);
      await expectError(() => hasty.generate("hello", SHORT), "BUSY", /1 wait/);
      await late;
      await held.return({} as never);
      expect((await hasty.generate("hello", SHORT)).finishReason).toBe("length");
      await hasty.dispose();
    });

    test("an abort while waiting is ABORTED, with the signal's reason as cause", async () => {
      const first = decoder.generate("hello", { ...ENDLESS, maxTokens: 20 });
      const controller = new AbortController();
      const waiting = decoder.generate("hello", { ...SHORT, signal: controller.signal });
      setTimeout(() => controller.abort("left"), 5);
      await expect(waiting).rejects.toMatchObject({ code: "ABORTED", cause: "left" });
      await first;
      await stillWorks();
    });

    test("is free again after a stream that was left, or that failed", async () => {
      for await (const _step of decoder.stream("hello", ENDLESS)) break;
      await stillWorks();
      const broken = decoder.stream("hello", ENDLESS);
      await broken.next();
      await expect(broken.throw(new Error("mine"))).rejects.toThrow("mine");
      await stillWorks();
    });
  });

  describe("a reward function that", () => {
    test.each<[what: string, reward: unknown, message: RegExp]>([
      [
        "throws",
        () => {
          throw new Error("no idea");
        },
        /failed: no idea/,
      ],
      [
        "throws something else",
        () => {
          throw "no idea";
        },
        /failed: no idea/,
      ],
      ["rejects", async () => Promise.reject(new Error("too late")), /failed: too late/],
      ["returns too few", () => [1], /must return 3 numbers, one a candidate, and returned 1/],
      ["returns too many", () => [1, 2, 3, 4], /returned 4/],
      ["returns NaN", () => [1, Number.NaN, 1], /finite numbers, or -Infinity for a ban, and returned NaN for candidate 1/],
      ["returns infinity", () => [1, 1, Number.POSITIVE_INFINITY], /returned Infinity for candidate 2/],
      ["returns texts", () => ["1", "2", "3"], /finite numbers/],
      ["returns holes", () => new Array(3), /returned undefined for candidate 0/],
      ["returns nothing", () => undefined, /must return an array of 3 numbers/],
      ["returns null", () => null, /must return an array/],
      ["returns a number", () => 1, /must return an array/],
      ["returns a text", () => "abc", /must return an array/],
      ["returns an object with a false length", () => ({ length: 3 }), /returned undefined/],
    ])("%s", async (_, reward, message) => {
      let fails = true;
      const rewards: Record<"mood", RewardFunction> = {
        mood: (candidates) => (fails ? (reward as () => never)() : candidates.map(() => 0)),
      };
      const guided = await load({ ...paths(), reward: [pair.reward.path, rewards.mood] });
      await expectError(() => guided.generate("hello", SHORT), "REWARD_FUNCTION_FAILED", message);
      await expectError(() => guided.generate("hello", SHORT), "REWARD_FUNCTION_FAILED", /the reward function "mood"/);
      fails = false;
      await expect(guided.generate("hello", SHORT)).resolves.toMatchObject({ finishReason: "length" });
      await guided.dispose();
    });

    test("fails while others decode: only its own response is lost", async () => {
      const failing: RewardFunction = (candidates, { prompt }) => {
        if (prompt === "b") throw new Error("not this one");
        return candidates.map(() => 0);
      };
      const guided = await load({ ...paths(), reward: [pair.reward.path, failing], slots: 3 });
      const results = await Promise.allSettled(["a", "b", "c"].map((prompt) => guided.generate(prompt, SHORT)));
      expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
      await guided.dispose();
    });
  });
});
