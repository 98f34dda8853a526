/** What stream() hands out, on a fake binding. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Step } from "../../src/types.js";
import { type Fake, nativeError, resetFake } from "../helpers/fake-binding.js";
import { loadFake } from "../helpers/load-fake.js";

vi.mock("../../src/engine/binding.js", () => import("../helpers/fake-binding.js"));

let fake: Fake;
beforeEach(() => {
  fake = resetFake();
});

const greedy = { method: "greedy", maxTokens: 4 } as const;

async function texts(steps: AsyncIterable<Step>): Promise<string[]> {
  const found: string[] = [];
  for await (const { text } of steps) found.push(text);
  return found;
}

describe("a stream's result", () => {
  it("is there without anybody iterating, and the steps are there afterwards", async () => {
    const decoder = await loadFake();
    const stream = decoder.stream("p", greedy);
    expect(await stream.result).toMatchObject({ text: "abcd", finishReason: "length" });
    expect(await texts(stream)).toEqual(["a", "b", "c", "d"]);
  });

  it("is there behind a loop, and beside one that it was asked for in", async () => {
    const decoder = await loadFake();
    const behind = decoder.stream("p", greedy);
    expect(await texts(behind)).toEqual(["a", "b", "c", "d"]);
    expect((await behind.result).text).toBe("abcd");
    const beside = decoder.stream("p", greedy);
    const seen: string[] = [];
    let result: Promise<unknown> | undefined;
    for await (const { text } of beside) {
      result ??= beside.result;
      seen.push(text);
    }
    expect(seen).toEqual(["a", "b", "c", "d"]);
    expect(await result).toMatchObject({ text: "abcd" });
  });

  it("of a loop that was left is what there was, and the slot is free", async () => {
    const decoder = await loadFake({ queue: false });
    const stream = decoder.stream("p", greedy);
    for await (const step of stream) if (step.text === "b") break;
    expect(await stream.result).toMatchObject({ text: "ab", finishReason: "aborted" });
    expect((await decoder.generate("q", greedy)).text).toBe("abcd");
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  it("of one that was left before it began is ABORTED, and no slot was taken", async () => {
    const decoder = await loadFake();
    const stream = decoder.stream("p", greedy);
    await stream.return({} as never);
    await expect(stream.result).rejects.toMatchObject({ code: "ABORTED" });
    expect(fake.calls.filter((call) => call.startsWith("begin"))).toEqual([]);
  });

  it("that fails rejects once for whoever asks, and never unhandled", async () => {
    const decoder = await loadFake();
    fake.before = (call) => {
      if (call.startsWith("step")) throw nativeError("DECODE_FAILED", "llama_decode returned -3");
    };
    const unhandled = vi.fn();
    process.on("unhandledRejection", unhandled);
    try {
      void decoder.stream("p", greedy).result.catch(() => {});
      await expect(texts(decoder.stream("p", greedy))).rejects.toMatchObject({ code: "DECODE_FAILED" });
      const stream = decoder.stream("p", greedy);
      void stream.result;
      await new Promise((resolve) => setTimeout(resolve, 20));
      await expect(stream.next()).rejects.toMatchObject({ code: "DECODE_FAILED" });
      expect(unhandled).not.toHaveBeenCalled();
    } finally {
      process.off("unhandledRejection", unhandled);
    }
  });
});

describe("onStep", () => {
  it("sees every step before the next is decoded, and what it throws ends the response", async () => {
    const decoder = await loadFake({ queue: false });
    const seen: string[] = [];
    const onStep = async ({ text }: Step) => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      seen.push(`${text} of ${fake.batches().length}`);
    };
    await decoder.generate("p", { ...greedy, onStep });
    expect(seen).toEqual(["a of 1", "b of 2", "c of 3", "d of 4"]);
    const stop = () => {
      throw new Error("enough");
    };
    await expect(decoder.generate("p", { ...greedy, onStep: stop })).rejects.toThrow("enough");
    expect((await decoder.generate("p", greedy)).text).toBe("abcd");
  });

  it("tells generateAll()'s prompts apart, and ends all when it throws", async () => {
    const decoder = await loadFake({ slots: 2 });
    const seen: string[][] = [[], []];
    await decoder.generateAll(["p", "q"], { ...greedy, onStep: ({ text }, index) => seen[index]?.push(text) });
    expect(seen).toEqual([
      ["a", "b", "c", "d"],
      ["a", "b", "c", "d"],
    ]);
    const onStep = (_: Step, index: number) => {
      if (index === 1) throw new Error("enough");
    };
    await expect(decoder.generateAll(["p", "q", "r"], { ...greedy, onStep })).rejects.toThrow("enough");
  });
});

describe("toReadableStream()", () => {
  it("is the text in UTF-8, with what was held back for a stop string", async () => {
    fake.script = () => "aäXb";
    const decoder = await loadFake();
    const whole = decoder.stream("p", { ...greedy, maxTokens: 5, stop: "X!" });
    expect(await new Response(whole.toReadableStream()).text()).toBe("aäXb");
  });

  it("ends the response when it is cancelled, and fails as the response does", async () => {
    const decoder = await loadFake({ queue: false });
    const stream = decoder.stream("p", { ...greedy, maxTokens: 1000 });
    const reader = stream.toReadableStream().getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toBe("a");
    await reader.cancel();
    expect((await stream.result).finishReason).toBe("aborted");
    await expect(new Response(decoder.stream("").toReadableStream()).text()).rejects.toMatchObject({ code: "PROMPT_EMPTY" });
  });
});
