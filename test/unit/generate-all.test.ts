import { beforeEach, describe, expect, it, vi } from "vitest";
import { type Fake, nativeError, resetFake } from "../helpers/fake-binding.js";
import { loadFake } from "../helpers/load-fake.js";

vi.mock("../../src/engine/binding.js", () => import("../helpers/fake-binding.js"));

let fake: Fake;
beforeEach(() => {
  fake = resetFake();
  fake.script = (prompt) => `${prompt}!`;
});

const options = { method: "greedy", maxTokens: 2 } as const;

describe("generateAll()", () => {
  it("answers in the order of the prompts, as generate() would", async () => {
    const decoder = await loadFake({ slots: 2 });
    const prompts = ["a", "bb", "c", "dd", "e"];
    const results = await decoder.generateAll(prompts, { ...options, seed: 3 });
    expect(results.map(({ text }) => text)).toEqual(["a!", "bb", "c!", "dd", "e!"]);
    expect(results.map(({ seed }) => seed)).toEqual([3, 3, 3, 3, 3]);
  });

  it("gives n responses of each prompt, with seeds of their own that follow from one", async () => {
    const decoder = await loadFake({ slots: 2 });
    const told: [number, number][] = [];
    const several = await decoder.generateAll(["a", "b"], { ...options, n: 3, seed: 7, onResult: (_, ...place) => told.push(place) });
    expect(several.map((each) => each.map(({ text }) => text))).toEqual([
      ["a!", "a!", "a!"],
      ["b!", "b!", "b!"],
    ]);
    const seeds = several.map((each) => each.map(({ seed }) => seed));
    expect(seeds[0]).toEqual(seeds[1]);
    expect(seeds[0]?.[0]).toBe(7);
    expect(new Set(seeds[0]).size).toBe(3);
    expect(told.sort()).toEqual([0, 1].flatMap((index) => [0, 1, 2].map((number) => [index, number])));
    expect(await decoder.generateAll(["a"], { ...options, n: 1 })).toHaveLength(1);
    const apart = await decoder.generateAll(["a"], { ...options, n: 9 });
    expect(new Set(apart[0]?.map(({ seed }) => seed)).size).toBe(9);
    for (const n of [0, 1.5, "2" as never]) {
      await expect(decoder.generateAll(["a"], { ...options, n })).rejects.toMatchObject({ code: "OPTION_INVALID", option: "n" });
    }
  });

  it("counts prompts that failed, not their responses", async () => {
    const decoder = await loadFake();
    await expect(decoder.generateAll(["a", "", "b"], { ...options, n: 2 })).rejects.toMatchObject({
      code: "PROMPT_EMPTY",
      message: expect.not.stringContaining("prompts failed"),
    });
  });

  it("reports each result and the progress", async () => {
    const decoder = await loadFake({ slots: 2 });
    const delivered: [number, string][] = [];
    const progress: [number, number][] = [];
    await decoder.generateAll(["a", "b", "c"], {
      ...options,
      onResult: ({ text }, index) => delivered.push([index, text]),
      onProgress: (done, total) => progress.push([done, total]),
    });
    expect(delivered.sort()).toEqual([
      [0, "a!"],
      [1, "b!"],
      [2, "c!"],
    ]);
    expect(progress).toEqual([
      [1, 3],
      [2, 3],
      [3, 3],
    ]);
  });

  it("never holds more slots than there are, and waits for those of others", async () => {
    const decoder = await loadFake({ slots: 2 });
    const other = decoder.stream("z", { method: "greedy" });
    await other.next();
    const all = decoder.generateAll(["a", "b", "c"], options);
    await expect(all).resolves.toHaveLength(3);
    await other.return({} as never);

    const last = decoder.stream("z", { method: "greedy", slot: 0 });
    await last.next();
    const waiting = decoder.generateAll(["a", "b"], { ...options, slot: 0 });
    const done = vi.fn();
    void waiting.then(done);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(done).not.toHaveBeenCalled();
    await last.return({} as never);
    await expect(waiting).resolves.toHaveLength(2);
  });

  it("keeps every slot busy while prompts wait: an ended response costs its slot one step of the others at most", async () => {
    const slots = 3;
    const decoder = await loadFake({ slots });
    const lengths = [2, 9, 5, 7, 1, 8, 3, 6, 4, 9, 2, 5];
    fake.script = (prompt) => "x".repeat(Number(prompt));
    await decoder.generateAll(lengths.map(String), { method: "greedy" });
    const last = fake.calls.findLastIndex((call) => call.startsWith("begin"));
    const sizes = fake.calls.slice(0, last).flatMap((call) => (call.startsWith("step") ? [call.split(",").length] : []));
    expect(sizes.length).toBeGreaterThan(10);
    expect(sizes.reduce((idle, size) => idle + slots - size, 0)).toBeLessThanOrEqual(lengths.length);
  });

  it("runs two of them at once on the same slots", async () => {
    const decoder = await loadFake({ slots: 2 });
    const [one, two] = await Promise.all([decoder.generateAll(["a", "b", "c"], options), decoder.generateAll(["d", "e", "f"], options)]);
    expect([...one, ...two].map(({ text }) => text)).toEqual(["a!", "b!", "c!", "d!", "e!", "f!"]);
  });

  it("loses only the prompts that fail", async () => {
    const decoder = await loadFake({ slots: 2, contextSize: 8 });
    const results: number[] = [];
    const errors: number[] = [];
    const all = decoder.generateAll(["a", "far too long", "b", "", "c"], {
      ...options,
      onResult: (_, index) => results.push(index),
      onError: (_, index) => errors.push(index),
    });
    await expect(all).rejects.toMatchObject({
      code: "PROMPT_TOO_LONG",
      message: expect.stringMatching(/^prompt 1: the prompt has 13 tokens.*; 2 of 5 prompts failed$/),
      cause: { code: "PROMPT_TOO_LONG" },
    });
    expect(results.sort()).toEqual([0, 2, 4]);
    expect(errors.sort()).toEqual([1, 3]);
  });

  it("checks its options once, before anything runs", async () => {
    const decoder = await loadFake();
    const onError = vi.fn();
    await expect(decoder.generateAll(["a"], { topK: 0, onError })).rejects.toMatchObject({ code: "OPTION_INVALID" });
    await expect(decoder.generateAll("a" as never)).rejects.toMatchObject({ code: "OPTION_INVALID" });
    expect(onError).not.toHaveBeenCalled();
    await expect(decoder.generateAll([])).resolves.toEqual([]);
  });

  it("ends when aborted: what runs is delivered, the rest is ABORTED", async () => {
    const decoder = await loadFake();
    fake.script = () => "abcdefgh";
    const controller = new AbortController();
    const finished: string[] = [];
    fake.before = () => {
      if (fake.batches().length === 3) controller.abort();
    };
    const all = decoder.generateAll(["a", "b", "c"], {
      method: "greedy",
      signal: controller.signal,
      onResult: ({ text, finishReason }) => finished.push(`${text} ${finishReason}`),
    });
    await expect(all).rejects.toMatchObject({ code: "ABORTED" });
    expect(finished).toEqual(["abc aborted"]);
  });

  it.each(["onResult", "onError", "onProgress"] as const)("ends with what %s throws, once running responses were stopped", async (name) => {
    const decoder = await loadFake({ slots: 2, contextSize: 32 });
    fake.script = (prompt) => (prompt.includes("long") ? "l".repeat(100) : "s");
    const called: string[] = [];
    const thrown = new Error("enough");
    const callbackOf = (own: string) => (): void => {
      called.push(own);
      if (own === name) throw thrown;
    };
    const all = decoder.generateAll([name === "onError" ? "" : "short", "long", "never begun"], {
      method: "greedy",
      ...{ onResult: callbackOf("onResult"), onError: callbackOf("onError"), onProgress: callbackOf("onProgress") },
    });
    await expect(all).rejects.toBe(thrown);
    expect(called.at(-1)).toBe(name);
    expect(called.length).toBe(name === "onProgress" ? 2 : 1);
    const steps = fake.batches().length;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(fake.batches().length).toBe(steps);
    expect(steps).toBeLessThan(10);
    expect(fake.begun.length).toBeLessThanOrEqual(2);
    await expect(decoder.generateAll(["a", "b"], options)).resolves.toHaveLength(2);
  });

  it("rejects with what was thrown even where that is undefined", async () => {
    const decoder = await loadFake();
    const onResult = (): void => {
      throw undefined;
    };
    await expect(decoder.generateAll(["a"], { ...options, onResult })).rejects.toBeUndefined();
  });

  it("is DISPOSED with its decoder", async () => {
    const decoder = await loadFake();
    const all = decoder.generateAll(["a", "b", "c"], { method: "greedy" });
    const rejected = expect(all).rejects.toMatchObject({ code: "DISPOSED" });
    await decoder.dispose();
    await rejected;
  });

  it("survives a native failure", async () => {
    const decoder = await loadFake({ slots: 2 });
    fake.before = (call) => {
      if (call === "begin 1") throw nativeError("OUT_OF_MEMORY");
    };
    const results: number[] = [];
    await expect(
      decoder.generateAll(["a", "b", "c", "d"], { ...options, onResult: (_, index) => results.push(index) }),
    ).rejects.toMatchObject({ code: "OUT_OF_MEMORY" });
    expect(results.length).toBeGreaterThan(0);
  });
});
