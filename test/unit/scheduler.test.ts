import { beforeEach, describe, expect, it, vi } from "vitest";
import { PREFILL_PART, Scheduler } from "../../src/decode/scheduler.js";
import type { BeginOptions, NativeSearch } from "../../src/engine/binding.js";
import { NO_SAMPLERS } from "../../src/engine/no-samplers.js";
import { ArgsearchError } from "../../src/errors.js";
import { binding, type Fake, nativeError, resetFake } from "../helpers/fake-binding.js";

vi.mock("../../src/engine/binding.js", () => import("../helpers/fake-binding.js"));

let fake: Fake;
let search: NativeSearch;
let scheduler: Scheduler;

beforeEach(async () => {
  fake = resetFake();
  const policy = await binding().loadModel({ path: "policy", gpuLayers: 0, backend: "" }, null);
  const rewards = [{ model: policy, weights: Float64Array.of(1) }];
  search = await binding().createSearch({ policy, rewards, slots: 4, contextSize: 64, threads: 1, batchSize: 8, kvType: "auto" });
  scheduler = new Scheduler(search);
  for (let slot = 0; slot < 4; slot++) await search.begin(slot, begin);
});

const begin: BeginOptions = {
  policyTokens: Int32Array.of(1, 2),
  rewardTokens: [],
  method: "args",
  topK: 2,
  weight: 0.5,
  combine: "interpolate",
  select: "greedy",
  temperature: 1,
  ending: "reward",
  samplers: NO_SAMPLERS,
  seed: 0,
  candidates: false,
  topLogProbs: 0,
  gate: { kind: "off", limit: 0 },
};

function join(count: number): void {
  for (let i = 0; i < count; i++) scheduler.join();
}

/** Steps of a slot, one after the other, until it is told to end. */
async function stepping(slot: number, goesOn: () => boolean): Promise<void> {
  scheduler.join();
  while (goesOn()) await scheduler.step(slot);
  scheduler.leave();
}

describe("Scheduler", () => {
  it("puts requests of one turn into one call and shares out its time", async () => {
    join(4);
    const steps = await Promise.all([0, 1, 2, 3].map((slot) => scheduler.step(slot)));
    expect(fake.batches()).toEqual(["0,1,2,3"]);
    expect(steps.map(({ steps: [step] }) => step?.slot)).toEqual([0, 1, 2, 3]);
    expect(steps[0]).toMatchObject({ policyMs: 1, rewardMs: 2 });
  });

  it("shares the reward models' time out among those that are rated", async () => {
    await search.begin(1, { ...begin, rewardTokens: null });
    await search.begin(3, { ...begin, rewardTokens: null });
    join(4);
    const steps = await Promise.all([0, 1, 2, 3].map((slot) => scheduler.step(slot)));
    expect(steps.map(({ policyMs, rewardMs }) => [policyMs, rewardMs])).toEqual([
      [1, 4],
      [1, 0],
      [1, 4],
      [1, 0],
    ]);
  });

  it("lets measured times decide what is rated, but not of those in step", async () => {
    await scheduler.begin(0, begin, []);
    scheduler.stepIn(1);
    await scheduler.begin(1, begin, []);
    scheduler.stepOut();
    expect(fake.begun.slice(-2).map(({ gate }) => gate.fills)).toEqual([true, false]);
  });

  it("starts at once when everyone has asked", async () => {
    join(1);
    const step = scheduler.step(2);
    expect(fake.batches()).toEqual(["2"]);
    await step;
  });

  it("waits for the turn's end, not longer, for those who have not asked", async () => {
    join(3);
    const first = scheduler.step(0);
    await Promise.resolve();
    const second = scheduler.step(1);
    expect(fake.batches()).toEqual([]);
    await Promise.all([first, second]);
    expect(fake.batches()).toEqual(["0,1"]);
  });

  it("gathers those who ask while a call runs", async () => {
    join(3);
    const first = scheduler.step(0);
    await new Promise(setImmediate);
    const others = [scheduler.step(1), scheduler.step(2)];
    await Promise.all([first, ...others]);
    expect(fake.batches()).toEqual(["0", "1,2"]);
  });

  it("keeps step for step together", async () => {
    join(4);
    await Promise.all(
      [0, 1, 2, 3].map(async (slot) => {
        for (let i = 0; i < 5; i++) await scheduler.step(slot);
      }),
    );
    expect(fake.batches()).toEqual(Array(5).fill("0,1,2,3"));
  });

  it("goes on without those who leave", async () => {
    join(2);
    const step = scheduler.step(0);
    scheduler.leave();
    await step;
    expect(fake.batches()).toEqual(["0"]);
  });

  it("in step, waits for the slowest party, and goes on when it ends", async () => {
    join(2);
    scheduler.stepIn(2);
    const first = scheduler.step(0);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(fake.batches()).toEqual([]);
    await Promise.all([first, scheduler.step(1)]);
    const last = scheduler.step(0);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(fake.batches()).toEqual(["0,1"]);
    scheduler.stepOut();
    await last;
    expect(fake.batches()).toEqual(["0,1", "0"]);
    scheduler.stepOut();
  });

  it("batches the halves of a split step by kind, commits first", async () => {
    join(3);
    await Promise.all([scheduler.propose(0), scheduler.propose(1)]);
    const mixed = [scheduler.propose(2), scheduler.commit(1, Float64Array.of(5, 0)), scheduler.commit(0, Float64Array.of(0, 7))];
    const [, one, two] = await Promise.all(mixed);
    expect(fake.calls.slice(-3)).toEqual(["propose 0,1", "commit 0,1", "propose 2"]);
    expect([one?.step.reward, two?.step.reward]).toEqual([5, 7]);
  });

  it("gives a native error to the whole batch, and goes on", async () => {
    join(2);
    fake.before = () => {
      throw nativeError("DECODE_FAILED");
    };
    const failed = await Promise.allSettled([scheduler.step(0), scheduler.step(1)]);
    for (const each of failed)
      expect(each).toMatchObject({ status: "rejected", reason: { name: "ArgsearchError", code: "DECODE_FAILED" } });
    fake.before = () => {};
    await Promise.all([scheduler.step(0), scheduler.step(1)]);
  });

  it("lets the running call end when it is closed, and refuses the others", async () => {
    join(2);
    const running = scheduler.step(0);
    await new Promise(setImmediate);
    const waiting = scheduler.step(1);
    const error = new ArgsearchError("DISPOSED", "gone");
    const closed = scheduler.close(error);
    await expect(waiting).rejects.toBe(error);
    await expect(running).resolves.toMatchObject({ steps: [{ slot: 0 }] });
    await closed;
    await expect(scheduler.step(0)).rejects.toBe(error);
    expect(fake.batches()).toEqual(["0"]);
  });
});

describe("Scheduler.begin()", () => {
  const LONG = 2 * PREFILL_PART + 10;

  function prompt(length: number, first = 7): BeginOptions {
    return { ...begin, policyTokens: Int32Array.from({ length: length + 1 }, (_, at) => (at === 0 ? first : at % 100)) };
  }

  function callsOf(work: () => Promise<unknown>): Promise<string[]> {
    const before = fake.calls.length;
    return work().then(() => fake.calls.slice(before));
  }

  it("decodes a prompt in parts where nobody else goes on, as large as told", async () => {
    expect(await callsOf(() => scheduler.begin(0, prompt(LONG), []))).toEqual(["begin 0", "prefill 0", "prefill 0"]);
    scheduler = new Scheduler(search, { idlePart: 2 * PREFILL_PART });
    expect(await callsOf(() => scheduler.begin(1, prompt(LONG), []))).toEqual(["begin 1", "prefill 1"]);
  });

  it("takes turns with the steps of others, and says what all parts have decoded", async () => {
    let done = false;
    const others = Promise.all([stepping(1, () => !done), stepping(2, () => !done)]);
    await new Promise(setImmediate);
    const calls = await callsOf(async () => {
      const result = await scheduler.begin(0, prompt(LONG), []);
      expect(result).toMatchObject({ policyDecoded: LONG, done: true });
      done = true;
      await others;
    });
    const prompts = calls.flatMap((call, at) => (/^(begin|prefill)/.test(call) ? [at] : []));
    expect(prompts.map((at) => calls[at])).toEqual(["begin 0", "prefill 0", "prefill 0"]);
    for (const [place, at] of prompts.slice(1).entries()) expect(calls.slice((prompts[place] ?? 0) + 1, at)).toEqual(["step 1,2"]);
  });

  it("takes the shortest first; short ones share a turn, and what is left of it goes to the long one", async () => {
    let done = false;
    const other = stepping(3, () => !done);
    await new Promise(setImmediate);
    const calls = await callsOf(async () => {
      await Promise.all([
        scheduler.begin(0, prompt(PREFILL_PART + 10), []),
        scheduler.begin(1, prompt(5), []),
        scheduler.begin(2, prompt(6), []),
      ]);
      done = true;
      await other;
    });
    expect(calls.join("; ")).toContain("begin 0; step 3; begin 1; begin 2; prefill 0; step 3");
  });

  it("rejects at once when it is aborted between two parts; the next prompt has its turn", async () => {
    let done = false;
    const other = stepping(3, () => !done);
    await new Promise(setImmediate);
    const controller = new AbortController();
    fake.before = async (call) => {
      if (call === "step 3" && fake.calls.includes("prefill 0")) controller.abort();
    };
    const aborted = scheduler.begin(0, prompt(10 * PREFILL_PART), [controller.signal]);
    const next = scheduler.begin(1, prompt(5), []);
    await expect(aborted).rejects.toMatchObject({ code: "ABORTED" });
    await expect(next).resolves.toMatchObject({ done: true });
    done = true;
    await other;
    expect(fake.calls.filter((call) => call === "prefill 0").length).toBeLessThan(4);
    // What is left of it does not matter to the slot's next prompt.
    await expect(scheduler.begin(0, prompt(5), [])).resolves.toMatchObject({ done: true });
  });

  it("gives a failure to the prompt that it is of", async () => {
    fake.before = (call) => {
      if (call === "begin 1") throw nativeError("OUT_OF_MEMORY");
    };
    const begun = [0, 1, 2].map((slot) => scheduler.begin(slot, prompt(5), []));
    const settled = await Promise.allSettled(begun);
    expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(settled[1]).toMatchObject({ reason: { code: "OUT_OF_MEMORY" } });
  });

  it("in step, decodes prompts whole and does not count them among those who ask", async () => {
    join(2);
    scheduler.stepIn(2);
    const step = scheduler.step(0);
    await expect(scheduler.begin(1, prompt(LONG), [])).resolves.toMatchObject({ done: true });
    await Promise.all([step, scheduler.step(1)]);
    expect(fake.calls.slice(-2)).toEqual(["begin 1", "step 0,1"]);
    scheduler.stepOut(2);
  });

  it("refuses a prompt that is decoded in parts when it is closed", async () => {
    const error = new ArgsearchError("DISPOSED", "gone");
    const running = scheduler.begin(0, prompt(LONG), []);
    const closed = scheduler.close(error);
    await expect(running).rejects.toBe(error);
    await closed;
  });

  it("refuses prompts that wait when it is closed", async () => {
    const error = new ArgsearchError("DISPOSED", "gone");
    const running = scheduler.begin(0, prompt(5), []);
    const waiting = scheduler.begin(1, prompt(5), []);
    const closed = scheduler.close(error);
    await expect(waiting).rejects.toBe(error);
    await expect(running).resolves.toMatchObject({ done: true });
    await closed;
    await expect(scheduler.begin(2, prompt(5), [])).rejects.toBe(error);
  });
});

describe("prompts of different lengths", () => {
  function prompt(tokens: readonly number[]): BeginOptions {
    return { ...begin, policyTokens: Int32Array.from([...tokens, 0]) };
  }

  function text(length: number, first: number): number[] {
    return Array.from({ length }, (_, at) => (at === 0 ? 1000 + first : at % 100));
  }

  /** During the so manieth call for prompts. */
  function atCall(count: number, work: () => void): void {
    let calls = 0;
    fake.before = async (call) => {
      await Promise.resolve();
      if (/^(begin|prefill)/.test(call) && ++calls === count) work();
    };
  }

  const tokensOf = (slot: number) => fake.decoded.filter(([each]) => each === slot).reduce((sum, [, tokens]) => sum + tokens, 0);
  beforeEach(() => {
    fake.decoded.length = 0;
  });

  it.for([false, true])("a short one behind one of 3,000 tokens has its first within two parts; others under way: %o", async (busy) => {
    let done = false;
    const other = busy ? stepping(3, () => !done) : Promise.resolve();
    await new Promise(setImmediate);
    let before = 0;
    let after: number | undefined;
    let short: Promise<void> | undefined;
    atCall(5, () => {
      before = tokensOf(0);
      short = scheduler.begin(1, prompt(text(100, 1)), []).then(async () => {
        scheduler.join();
        await scheduler.step(1);
        after = tokensOf(0);
        scheduler.leave();
      });
    });
    await scheduler.begin(0, prompt(text(3000, 2)), []);
    await short;
    expect(tokensOf(0)).toBe(3000);
    // The part that ran when it came, and what its own left.
    expect(after).toBeLessThanOrEqual(before + 2 * PREFILL_PART);
    done = true;
    await other;
  });

  it("the long one has every other turn, however many short ones come", async () => {
    let more = true;
    const shorts = Promise.all(
      [1, 2, 3].map(async (slot) => {
        for (let at = 0; more; at++) await scheduler.begin(slot, prompt(text(120, slot + 3 * at)), []);
      }),
    );
    await scheduler.begin(0, prompt(text(1000, 99)), []);
    more = false;
    await shorts;
    const others = fake.decoded
      .slice(
        0,
        fake.decoded.findLastIndex(([slot]) => slot === 0),
      )
      .filter(([slot]) => slot !== 0);
    expect(others.length).toBeGreaterThan(4);
    expect(others.length).toBeLessThanOrEqual(Math.ceil(1000 / PREFILL_PART) + 1);
  });

  it("of two long ones the first is decoded first, and the second does not wait longer for that", async () => {
    await Promise.all([0, 1].map((slot) => scheduler.begin(slot, prompt(text(1000, slot)), [])));
    const order = fake.decoded.map(([slot]) => slot);
    expect(order).toEqual([...order].sort());
  });

  it("one that goes on with what its slot holds is as short as what is new", async () => {
    const said = text(1000, 1);
    await scheduler.begin(1, prompt(said), []);
    fake.decoded.length = 0;
    const long = scheduler.begin(0, prompt(text(900, 2)), []);
    const next = scheduler.begin(1, prompt([...said, ...text(40, 3)]), []).then(() => tokensOf(0));
    expect(await next).toBeLessThanOrEqual(2 * PREFILL_PART);
    await long;
    expect(tokensOf(1)).toBe(40);
  });

  it("those that begin alike decode that once, and who waits for it gives its turns to it", async () => {
    fake.shares = true;
    const system = text(1000, 1);
    const unlike = scheduler.begin(2, prompt(text(3000, 2)), []);
    const users = [0, 1, 3].map((slot) => scheduler.begin(slot, prompt([...system, ...text(30, 90 + slot)]), []).then(() => tokensOf(2)));
    const behind = await Promise.all(users);
    expect(tokensOf(0) + tokensOf(1) + tokensOf(3)).toBe(1000 + 3 * 30);
    // Every other turn is that of the one that came first.
    for (const tokens of behind) expect(tokens).toBeLessThanOrEqual(1000 + 3 * PREFILL_PART);
    await unlike;
  });

  it("a short one with the beginning of a long one goes on as soon as that is decoded", async () => {
    fake.shares = true;
    const system = text(300, 1);
    const long = scheduler.begin(0, prompt([...system, ...text(2000, 2)]), []);
    const short = scheduler.begin(1, prompt([...system, ...text(30, 3)]), []).then(() => tokensOf(0));
    expect(await short).toBeLessThanOrEqual(300 + PREFILL_PART);
    await long;
    expect([tokensOf(0), tokensOf(1)]).toEqual([2300, 30]);
  });

  it("recurrent models find nothing in other slots, so nobody waits for it", async () => {
    scheduler = new Scheduler(search, { recurrent: [true] });
    const long = scheduler.begin(0, prompt(text(2000, 1)), []);
    const short = scheduler.begin(1, prompt(text(100, 1)), []).then(() => tokensOf(0));
    expect(await short).toBeLessThanOrEqual(2 * PREFILL_PART);
    await long;
  });
});
