/** Responses of one decoder beside and behind each other. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import { type Fake, nativeError, resetFake } from "../helpers/fake-binding.js";
import { loadFake } from "../helpers/load-fake.js";

vi.mock("../../src/engine/binding.js", () => import("../helpers/fake-binding.js"));

let fake: Fake;
beforeEach(() => {
  fake = resetFake();
});

const greedy = { method: "greedy" } as const;

describe("slots", () => {
  it("share steps", async () => {
    const decoder = await loadFake({ slots: 3 });
    const results = await Promise.all(["a", "b", "c"].map((prompt) => decoder.generate(prompt, { ...greedy, maxTokens: 4 })));
    expect(results.map(({ text }) => text)).toEqual(["abcd", "abcd", "abcd"]);
    expect(fake.batches()).toEqual(Array(4).fill("0,1,2"));
  });

  it("are waited for in turn", async () => {
    const decoder = await loadFake({ slots: 2 });
    const order: string[] = [];
    const responses = ["a", "b", "c", "d", "e"].map(async (prompt, at) => {
      await decoder.generate(prompt, { ...greedy, maxTokens: 2 + at });
      order.push(prompt);
    });
    await Promise.all(responses);
    expect(order).toEqual(["a", "b", "c", "d", "e"]);
  });

  it("are BUSY for those who may not wait", async () => {
    const decoder = await loadFake({ queue: { max: 1 } });
    const responses = [decoder.generate("a"), decoder.generate("b")];
    await expect(decoder.generate("c")).rejects.toMatchObject({ code: "BUSY", details: { slots: 1, waiting: 1 } });
    await Promise.all(responses);
    const late = await loadFake({ queue: { timeout: 1 } });
    const held = late.stream("a");
    await held.next();
    await expect(late.stream("b").result).rejects.toMatchObject({ code: "BUSY" });
    await held.return({} as never);
    expect((await late.generate("b", { ...greedy, maxTokens: 1 })).text).toBe("a");
  });

  it("are given up with DISPOSED, and with ABORTED by one's own signal, while they are waited for", async () => {
    const decoder = await loadFake();
    const held = decoder.stream("a");
    await held.next();
    const controller = new AbortController();
    const [aborted, closed] = [decoder.generate("b", { signal: controller.signal }), decoder.generate("c")];
    controller.abort("left");
    await expect(aborted).rejects.toMatchObject({ code: "ABORTED", cause: "left" });
    await Promise.all([decoder.dispose(), expect(closed).rejects.toMatchObject({ code: "DISPOSED" })]);
  });

  it("are BUSY when taken and nobody is to wait, and free afterwards", async () => {
    const decoder = await loadFake({ slots: 2, queue: false });
    const running = decoder.generate("p", { slot: 1 });
    await expect(decoder.generate("q", { slot: 1 })).rejects.toMatchObject({ code: "BUSY" });
    const other = decoder.generate("q");
    await expect(decoder.generate("r")).rejects.toMatchObject({ code: "BUSY", message: expect.stringContaining("slots: 3") });
    await Promise.all([running, other]);
    await decoder.generate("r", { slot: 1 });
    expect(fake.calls.filter((call) => call.startsWith("begin"))).toEqual(["begin 1", "begin 0", "begin 1"]);
  });

  it("are given back when the loop is left, and not taken before it starts", async () => {
    const decoder = await loadFake();
    const unused = decoder.stream("p");
    for await (const step of decoder.stream("p")) if (step.token >= 0) break;
    expect((await decoder.generate("p", { ...greedy, maxTokens: 1 })).text).toBe("a");
    await unused.return({} as never);
  });

  it("are not waited for once their response has ended, however it did", async () => {
    const decoder = await loadFake({ slots: 2 });
    // A scheduler that waits for somebody waits for the end of the event loop's turn.
    const turns = vi.spyOn(globalThis, "setImmediate");
    const turnsOf = async (): Promise<number> => {
      turns.mockClear();
      await decoder.generate("p", { ...greedy, maxTokens: 3 });
      return turns.mock.calls.length;
    };
    const alone = await turnsOf();
    for await (const _ of decoder.stream("q", greedy)) break;
    const left = new AbortController();
    await decoder.generate("q", { ...greedy, signal: left.signal, maxTokens: 2 });
    expect(await turnsOf()).toBe(alone);
    turns.mockRestore();
  });

  it("with a paused reader do not hold up the others", async () => {
    const decoder = await loadFake({ slots: 2 });
    const paused = decoder.stream("p", greedy);
    await paused.next();
    expect((await decoder.generate("q", { ...greedy, maxTokens: 5 })).text).toBe("abcde");
    await paused.return({} as never);
  });

  it("are chosen by the longest prefix, and a chat's next turn is found in the cache", async () => {
    const decoder = await loadFake({ slots: 2 });
    fake.script = () => "xyz";
    await decoder.generate("first", { ...greedy, maxTokens: 3, slot: 0 }); // the same prompt, another response
    fake.script = () => "abc";
    await decoder.generate("first", { ...greedy, maxTokens: 3, slot: 1 });
    const next = await decoder.generate("firstabc and more", { ...greedy, maxTokens: 1 });
    expect(fake.calls.filter((call) => call.startsWith("begin"))).toEqual(["begin 0", "begin 1", "begin 1"]);
    expect(next.usage).toMatchObject({ promptTokens: 18, cachedTokens: 9 });
  });

  it("survive a failing search", async () => {
    const decoder = await loadFake();
    fake.before = (call) => {
      if (call.startsWith("step")) throw nativeError("DECODE_FAILED", "llama_decode returned -3");
    };
    await expect(decoder.generate("p")).rejects.toMatchObject({ name: "ArgsearchError", code: "DECODE_FAILED" });
    fake.before = () => {};
    expect((await decoder.generate("p", { ...greedy, maxTokens: 1 })).text).toBe("a");
  });
});
