import { describe, expect, it } from "vitest";
import { SlotQueue, type Wait } from "../../src/decode/slot-queue.js";
import { SlotPool, type SlotRequest } from "../../src/decode/slots.js";
import { ArgsearchError } from "../../src/errors.js";
import { commonPrefix } from "../../src/model/common-prefix.js";

const tokens = (...ids: number[]): Int32Array => Int32Array.from(ids);

/** Takes a slot for a prompt and gives it back with an answer behind it. */
function answer(pool: SlotPool, prompt: number[], reply: number[] = [], more: Omit<SlotRequest, "tokens"> = {}): number | undefined {
  const slot = pool.take({ tokens: tokens(...prompt), ...more });
  if (slot !== undefined) pool.release(slot, [...prompt, ...reply]);
  return slot;
}

describe("SlotPool", () => {
  it("gives a conversation's next turn the slot of the last", () => {
    const pool = new SlotPool(3);
    expect([1, 2, 3].map((user) => answer(pool, [0, 0, user], [7, 7]))).toEqual([0, 1, 2]);
    expect([2, 3, 1].map((user) => answer(pool, [0, 0, user, 7, 7, 8], [9]))).toEqual([1, 2, 0]);
  });

  it("does not take another conversation's slot for a beginning in common while one is empty", () => {
    const pool = new SlotPool(2);
    answer(pool, [5, 5, 5, 5, 1], [6]);
    expect(answer(pool, [5, 5, 5, 5, 2], [6])).toBe(1);
    expect(answer(pool, [5, 5, 5, 5, 1, 6, 3])).toBe(0);
  });

  it("knows a conversation by its messages where a template writes its past in another way", () => {
    const pool = new SlotPool(2);
    const [first, second] = [["user\nhi", "assistant\nhello"], ["user\nho"]];
    answer(pool, [1, 2], [3], { messages: ["user\nhi"] });
    answer(pool, [1, 4], [3], { messages: second });
    expect(answer(pool, [1, 9, 9, 9], [], { messages: [...first, "user\nand?"] })).toBe(0);
  });

  it("takes the slot that lay idle longest, when no prompt goes on and none is empty", () => {
    const pool = new SlotPool(2);
    for (const prompt of [[1], [2]]) answer(pool, prompt);
    answer(pool, [1, 1]); // slot 0 again
    expect(answer(pool, [3])).toBe(1);
  });

  it("answers the same prompt again beside the first answer while a slot is empty, and else in its place", () => {
    const pool = new SlotPool(2);
    expect([[1], [1], [2], [2]].map((prompt) => answer(pool, prompt, [8]))).toEqual([0, 1, 0, 0]);
  });

  it("keeps a named conversation's slot for it while it can", () => {
    const pool = new SlotPool(2);
    expect(answer(pool, [1, 2], [3], { conversation: "ann" })).toBe(0);
    // Its next prompt has nothing in common with the last; another's has all.
    expect(answer(pool, [1, 2, 3])).toBe(1);
    expect(answer(pool, [4])).toBe(1);
    expect(answer(pool, [9], [], { conversation: "ann" })).toBe(0);
    expect(answer(pool, [4, 4], [], { conversation: "bob" })).toBe(1);
    expect(answer(pool, [9])).toBe(0);
  });

  it("gives nothing when every slot, or the one asked for, is taken, and forgets a slot that was emptied", () => {
    const pool = new SlotPool(2);
    expect(pool.take({ tokens: tokens(1), slot: 1 })).toBe(1);
    expect(pool.take({ tokens: tokens(1), slot: 1 })).toBeUndefined();
    expect(pool.take({ tokens: tokens(1) })).toBe(0);
    expect(pool.take({ tokens: tokens(1) })).toBeUndefined();
    pool.release(0, [1, 2]);
    pool.release(1, []);
    expect(pool.take({ tokens: tokens(3) })).toBe(1);
  });
});

describe("SlotQueue", () => {
  const wait = (more: Partial<Wait> = {}): Wait => ({
    tokens: tokens(1),
    patience: { max: 2, timeout: undefined },
    signal: undefined,
    closing: new AbortController().signal,
    ...more,
  });

  it("serves first come, first served, and lets nobody wait for a slot that only another wants", async () => {
    const queue = new SlotQueue(new SlotPool(2));
    await Promise.all([queue.acquire(wait()), queue.acquire(wait())]);
    const served: string[] = [];
    const waiting = [
      queue.acquire(wait({ slot: 1 })).then((slot) => served.push(`first ${slot}`)),
      queue.acquire(wait()).then((slot) => served.push(`second ${slot}`)),
    ];
    queue.release(0, [1]);
    queue.release(1, [1]);
    await Promise.all(waiting);
    expect(served.sort()).toEqual(["first 1", "second 0"]);
  });

  it("is BUSY where too many wait, nobody may, or it took too long", async () => {
    const queue = new SlotQueue(new SlotPool(1));
    await queue.acquire(wait());
    const patient = [queue.acquire(wait()), queue.acquire(wait())];
    await expect(queue.acquire(wait())).rejects.toMatchObject({ code: "BUSY", details: { slots: 1, waiting: 2 } });
    await expect(queue.acquire(wait({ patience: false }))).rejects.toMatchObject({ code: "BUSY" });
    expect(() => queue.takeIdle(0)).toThrow(expect.objectContaining({ code: "BUSY", message: expect.stringContaining("slot 0") }));
    queue.release(0, [1]);
    expect(await patient[0]).toBe(0);
    await expect(queue.acquire(wait({ patience: { max: 9, timeout: 5 } }))).rejects.toMatchObject({
      code: "BUSY",
      message: expect.stringContaining("5 ms"),
    });
    queue.release(0, [1]);
    expect(await patient[1]).toBe(0);
  });

  it("leaves the line when it is aborted, with the signal's reason as cause, or when the decoder closes", async () => {
    const queue = new SlotQueue(new SlotPool(1));
    await queue.acquire(wait());
    const [user, closing] = [new AbortController(), new AbortController()];
    const aborted = queue.acquire(wait({ signal: user.signal }));
    const closed = queue.acquire(wait({ closing: closing.signal }));
    user.abort("enough");
    await expect(aborted).rejects.toMatchObject({ code: "ABORTED", cause: "enough" });
    closing.abort(new ArgsearchError("DISPOSED", "gone"));
    await expect(closed).rejects.toMatchObject({ code: "DISPOSED" });
    queue.release(0, [1]);
    expect(await queue.acquire(wait({ patience: false }))).toBe(0);
  });
});

describe("commonPrefix", () => {
  it("counts equal beginnings", () => {
    expect(commonPrefix([1, 2, 3], tokens(1, 2, 4))).toBe(2);
    expect(commonPrefix([1, 2], [1, 2, 3])).toBe(2);
    expect(commonPrefix([], [1])).toBe(0);
  });
});
