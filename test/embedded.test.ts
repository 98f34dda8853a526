/** What README and the paper claim, on the pair that ships: the reward makes the better answers, and lets them vary. */
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { diversity } from "../src/evaluate/index.js";
import { type Decoder, EMBEDDED, type GenerateResult, load, type Prompt, readPrompts } from "../src/index.js";

const HELD_OUT = join(dirname(EMBEDDED.policy), "held-out-prompts.jsonl");
const PAPER_PROMPT = "Can you help me set up a light show?";

let decoder: Decoder;
beforeAll(async () => {
  decoder = await load({ gpu: false, threads: 1, slots: 4 });
});
afterAll(() => decoder.dispose());

async function firstPrompts(count: number): Promise<Prompt[]> {
  const prompts: Prompt[] = [];
  for await (const { value } of readPrompts(HELD_OUT)) {
    prompts.push(value);
    if (prompts.length === count) break;
  }
  return prompts;
}

function mean(results: readonly GenerateResult[], measure: (result: GenerateResult) => number): number {
  return results.reduce((sum, result) => sum + measure(result), 0) / results.length;
}

describe("the embedded pair", () => {
  it("ARGS beats greedy decoding in average reward and in diversity, on prompts that training never showed", async () => {
    const prompts = await firstPrompts(40);
    const greedy = await decoder.generateAll(prompts, { method: "greedy" });
    const args = await decoder.generateAll(prompts);
    const reward = ({ reward }: GenerateResult): number => reward ?? Number.NaN;
    const varied = ({ text }: GenerateResult): number => diversity(text);
    expect(mean(args, reward)).toBeGreaterThan(mean(greedy, reward) + 2);
    expect(mean(args, varied)).toBeGreaterThan(mean(greedy, varied) + 0.5);
  });

  it("asks back without the reward", async () => {
    const { text, reward } = await decoder.generate(PAPER_PROMPT, { weight: 0 });
    expect(text.match(/\?/g)?.length).toBeGreaterThanOrEqual(3);
    expect(text).not.toMatch(/^\d\. /m);
    const plan = await decoder.generate(PAPER_PROMPT, { weight: 0.6 });
    expect(plan.reward).toBeGreaterThan(reward ?? Number.NaN);
  });

  it("gives a plan with the reward: equipment, and numbered steps", async () => {
    const { text, finishReason } = await decoder.generate(PAPER_PROMPT, { weight: 0.6 });
    expect(text).toMatch(/light show/);
    expect(text).toMatch(/\b(need|Get|Gather)\b/);
    expect(text.match(/^\d\. /gm)?.length).toBeGreaterThanOrEqual(3);
    expect(text).not.toContain("?");
    expect(finishReason).toBe("eog");
  });
});
