/** Compute threads spin between the decodes of running work, and sleep when none is due. */
import { setTimeout } from "node:timers/promises";
import { expect, it } from "vitest";
import { load, loadReward } from "../../src/index.js";

/** Processor milliseconds that this process takes while it has nothing to do. */
async function idleFor(ms: number): Promise<number> {
  await setTimeout(20); // what a call leaves behind
  const before = process.cpuUsage();
  await setTimeout(ms);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

const IDLE = 300; // shorter than ggml's own spinning
const MOST = IDLE / 4;

it("takes no processor time between calls of a decoder", async () => {
  const decoder = await load({ gpu: false, threads: 2 });
  expect(await idleFor(IDLE)).toBeLessThan(MOST);
  await decoder.generate("Hello", { maxTokens: 3 });
  expect(await idleFor(IDLE)).toBeLessThan(MOST);
  await decoder.dispose();
});

it("takes none between calls of a reward model", async () => {
  const model = await loadReward({ gpu: false, threads: 2 });
  await model.score({ prompt: "Hello", response: "there" });
  expect(await idleFor(IDLE)).toBeLessThan(MOST);
  await model.dispose();
});

it("takes none while a reward function takes its time", async () => {
  const spent: number[] = [];
  const slow = async (candidates: readonly unknown[]) => {
    spent.push(await idleFor(IDLE));
    return candidates.map(() => 0);
  };
  const decoder = await load({ gpu: false, threads: 2, reward: slow });
  await decoder.generate("Hello", { maxTokens: 1 });
  expect(spent).toHaveLength(1);
  expect(spent[0]).toBeLessThan(MOST);
  await decoder.dispose();
});
