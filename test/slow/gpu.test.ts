/** What a real GPU computes is what the CPU computes, and it stops as the CPU stops. Each process has one engine, so each case has one. */
import { describe, expect, test } from "vitest";
import { type Device, tryDevices } from "../../src/index.js";
import { runModule } from "../gpu/program.js";

interface Decoded {
  token: number;
  reward: number;
  /** Of the candidates, by token. */
  scores: Record<number, number>;
}

const DECODE = `
  const decoder = await argsearch.load(OPTIONS);
  const decoded = [];
  for (const prompt of ["Tell me a story.", "hello there", "why is the sky blue?"]) {
    for (const weight of [0, 0.6]) {
      const steps = [];
      for await (const { token, reward, candidates } of decoder.stream(prompt, { weight, maxTokens: 48, template: "none", candidates: true })) {
        steps.push({ token, reward, scores: Object.fromEntries(candidates.map(({ token, score }) => [token, score])) });
      }
      decoded.push(steps);
    }
  }
  const { rewardProjections } = decoder.counters();
  await decoder.dispose();
  say({ decoded, rewardProjections });`;

const ABORT = `
  const decoder = await argsearch.load(OPTIONS);
  const controller = new AbortController();
  const seen = [];
  for await (const { token } of decoder.stream("Tell me a story.", { template: "none", signal: controller.signal })) {
    seen.push(token);
    if (seen.length === 5) controller.abort();
  }
  const { tokens } = await decoder.generate("Tell me a story.", { template: "none", maxTokens: 48 });
  decoder.generate("why is the sky blue?", { template: "none" }).catch(() => {});
  setTimeout(() => process.exit(7), 20); // in the middle of a decode
  say({ seen, tokens });`;

/** Of rewards and scores. They spread over several units; two processors' F16 kernels round differently. */
const TOLERANCE = 0.02;

const gpus = (await tryDevices()).filter(({ trial }) => trial === "works");
const backends = [...new Map(gpus.map((device): [string, Device] => [device.backend, device])).values()];
const NAMES: Record<string, string> = { CUDA: "cuda", Vulkan: "vulkan", MTL: "metal" };
if (backends.length === 0) console.log('No GPU works here: nothing was compared with the CPU. "argsearch devices" says more.');

async function decode(options: object): Promise<{ decoded: Decoded[][]; rewardProjections: number }> {
  const { ended, value, stderr } = await runModule<{ decoded: Decoded[][]; rewardProjections: number }>(
    DECODE.replace("OPTIONS", JSON.stringify(options)),
    process.cwd(),
    {},
  );
  expect({ ended, stderr }).toEqual({ ended: 0, stderr: expect.not.stringContaining("Error") });
  return value as { decoded: Decoded[][]; rewardProjections: number };
}

/** Where another token is chosen the two were as good as equal, and what follows is another text. */
function expectAlike(found: readonly Decoded[][], expected: readonly Decoded[][]): void {
  for (const [i, steps] of expected.entries()) {
    const others = found[i] ?? [];
    const fork = steps.findIndex(({ token }, j) => token !== others[j]?.token);
    const same = fork < 0 ? steps.length : fork;
    const differences = steps.slice(0, same).map(({ reward }, j) => Math.abs(reward - (others[j]?.reward ?? Number.NaN)));
    for (const difference of differences) expect(difference).toBeLessThan(TOLERANCE);
    if (fork < 0) expect(others.length).toBe(steps.length);
    else expect(margin(steps[fork] as Decoded, others[fork]?.token)).toBeLessThan(TOLERANCE);
  }
}

/** By how much a token was worse than the chosen one. */
function margin({ token, scores }: Decoded, other: number | undefined): number {
  return (scores[token] as number) - (scores[other ?? -1] ?? Number.NEGATIVE_INFINITY);
}

describe.skipIf(backends.length === 0)("a GPU", () => {
  for (const { backend, description } of backends) {
    const gpu = NAMES[backend];

    test(`${backend}, ${description}: the CPU's tokens and rewards, no projection of the reward model's vocabulary`, async () => {
      const [cpu, all] = [await decode({ gpu: false }), await decode({ gpu })];
      expectAlike(all.decoded, cpu.decoded);
      expect(all.rewardProjections).toBe(0);
    });

    test(`${backend}, ${description}: the same with some of the layers`, async () => {
      expectAlike((await decode({ gpu, gpuLayers: 2 })).decoded, (await decode({ gpu: false })).decoded);
    });

    test(`${backend}, ${description}: a response is aborted, the next one is whole, and the process may end in its middle`, async () => {
      const body = ABORT.replace("OPTIONS", JSON.stringify({ gpu }));
      const { ended, value, stderr } = await runModule<{ seen: number[]; tokens: number[] }>(body, process.cwd(), {});
      expect({ ended, stderr }).toEqual({ ended: 7, stderr: expect.not.stringContaining("Error") });
      expect(value?.tokens.length).toBeGreaterThan(5);
      expect(value?.seen).toEqual(value?.tokens.slice(0, value.seen.length));
      expect(value?.seen.length).toBeLessThan(10);
    });
  }
});
