import { getEventListeners } from "node:events";
import { afterEach, describe, expect, it, vi } from "vitest";
import { cancellable, unlessAborted } from "../../src/engine/abort.js";

vi.mock("../../src/engine/binding.js", () => import("../helpers/fake-binding.js"));

const never = new Promise<never>(() => {});

describe("unlessAborted()", () => {
  it("gives the value, or undefined as soon as a signal fires", async () => {
    const controller = new AbortController();
    expect(await unlessAborted(Promise.resolve(1), [controller.signal, undefined])).toBe(1);
    await expect(unlessAborted(Promise.reject(new Error("no")), [])).rejects.toThrow("no");
    const waiting = unlessAborted(never, [undefined, controller.signal]);
    controller.abort();
    expect(await waiting).toBeUndefined();
    expect(await unlessAborted(never, [controller.signal])).toBeUndefined();
  });

  it("swallows what the promise does afterwards", async () => {
    const late = new Promise<never>((_, reject) => setTimeout(() => reject(new Error("late")), 1));
    expect(await unlessAborted(late, [AbortSignal.abort()])).toBeUndefined();
    await new Promise((resolve) => setTimeout(resolve, 5));
  });
});

describe("cancellable()", () => {
  it("cancels the call when a signal fires, not after it has ended", async () => {
    const controller = new AbortController();
    const cancelled = vi.fn();
    const call = (wait: Promise<void>) =>
      cancellable([controller.signal], async (cancel) => {
        cancel.cancel = cancelled;
        await wait;
      });
    await call(Promise.resolve());
    const running = call(new Promise((resolve) => setTimeout(resolve, 1)));
    controller.abort();
    await running;
    expect(cancelled).toHaveBeenCalledTimes(1);
  });
});

describe("a signal shared by many", () => {
  const warned = vi.fn();
  afterEach(() => {
    process.off("warning", warned);
  });

  it("is listened to no longer than anybody waits: Node keeps one of AbortSignal.any() that is", async () => {
    const signal = AbortSignal.any([new AbortController().signal]);
    const ends: (() => void)[] = [];
    const waits = [0, 1].map(() => unlessAborted(new Promise<void>((resolve) => ends.push(resolve)), [signal]));
    expect(getEventListeners(signal, "abort").length).toBe(1);
    ends[0]?.();
    await waits[0];
    expect(getEventListeners(signal, "abort").length).toBe(1);
    ends[1]?.();
    await waits[1];
    expect(getEventListeners(signal, "abort").length).toBe(0);
    await unlessAborted(Promise.resolve(), [signal]);
    expect(getEventListeners(signal, "abort").length).toBe(0);
  });

  it("brings no warning of a leak", async () => {
    process.on("warning", warned);
    const controller = new AbortController();
    const all = Array.from({ length: 40 }, () => unlessAborted(never, [controller.signal]));
    await new Promise((resolve) => setTimeout(resolve, 5));
    controller.abort();
    await Promise.all(all);
    expect(warned).not.toHaveBeenCalled();
  });
});
