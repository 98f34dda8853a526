import { describe, expect, it } from "vitest";
import { SlotPool } from "../../src/decode/slots.js";
import { commonPrefix } from "../../src/model/common-prefix.js";

const prompt = (...tokens: number[]): Int32Array => Int32Array.from(tokens);

describe("SlotPool", () => {
  it("prefers the longest prefix in a cache", () => {
    const pool = new SlotPool(3);
    for (const history of [[1, 2], [1, 2, 3, 4], [9]]) pool.release(pool.acquire(prompt()), history);
    expect(pool.acquire(prompt(1, 2, 3))).toBe(1);
    expect(pool.acquire(prompt(1, 2, 3))).toBe(0);
    expect(pool.acquire(prompt(1, 2, 3))).toBe(2);
  });

  it("spares the caches used last, when none shares anything", () => {
    const pool = new SlotPool(2);
    expect(pool.acquire(prompt(1))).toBe(0);
    pool.release(0, [1]);
    expect(pool.acquire(prompt(2))).toBe(1);
    pool.release(1, [2]);
    expect(pool.acquire(prompt(3))).toBe(0);
  });

  it("is busy when every slot, or the one asked for, is taken", () => {
    const pool = new SlotPool(2);
    expect(pool.acquire(prompt(), 1)).toBe(1);
    expect(() => pool.acquire(prompt(), 1)).toThrow(expect.objectContaining({ code: "BUSY", message: expect.stringContaining("slot 1") }));
    expect(pool.free(1)).toBe(false);
    expect(pool.free()).toBe(true);
    pool.acquire(prompt());
    expect(pool.free()).toBe(false);
    expect(() => pool.acquire(prompt())).toThrow(expect.objectContaining({ code: "BUSY", message: expect.stringContaining("slots: 3") }));
  });

  it("wakes those who wait for a release", async () => {
    const pool = new SlotPool(1);
    pool.acquire(prompt());
    const released = Promise.all([pool.released(), pool.released()]);
    pool.release(0, []);
    await released;
  });
});

describe("commonPrefix", () => {
  it("counts equal beginnings", () => {
    expect(commonPrefix([1, 2, 3], prompt(1, 2, 4))).toBe(2);
    expect(commonPrefix([1, 2], [1, 2, 3])).toBe(2);
    expect(commonPrefix([], [1])).toBe(0);
  });
});
