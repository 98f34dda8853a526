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

  /** Steps of a slot, one after the other, until it is told to end. */
  async function stepping(slot: number, goesOn: () => boolean): Promise<void> {
    scheduler.join();
    while (goesOn()) await scheduler.step(slot);
    scheduler.leave();
  }

  function callsOf(work: () => Promise<unknown>): Promise<string[]> {
    const before = fake.calls.length;
    return work().then(() => fake.calls.slice(before));
  }

  it("decodes a prompt whole where nobody else goes on", async () => {
    expect(await callsOf(() => scheduler.begin(0, prompt(LONG), []))).toEqual(["begin 0"]);
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

  it("takes prompts one after the other; short ones share a turn", async () => {
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
    const text = calls.join("; ");
    expect(text).toContain("begin 0; step 3; prefill 0; begin 1; begin 2; step 3");
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
