/** What README and the paper claim, on the pair that ships: the reward makes the better answers, and lets them vary. */
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { diversity } from "../src/evaluate/index.js";
import { type ChatMessage, type Decoder, EMBEDDED, type GenerateResult, load, type Prompt, readPrompts } from "../src/index.js";

const HELD_OUT = join(dirname(EMBEDDED.policy), "held-out-prompts.jsonl");
const PAPER_PROMPT = "Can you help me set up a light show?";

let decoder: Decoder;
let prompts: Prompt[];
/** ARGS at its defaults, an answer a prompt. */
let plans: GenerateResult[];
beforeAll(async () => {
  decoder = await load({ gpu: false, threads: 1, slots: 4 });
  prompts = await firstPrompts(40);
  plans = await decoder.generateAll(prompts);
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

interface Topics {
  categories: Record<string, { heads: string[]; modifiers: Record<string, string[]> }>;
}

/** The two things that a topic needs and others of its category do not, by the topic's name ("light show"). */
async function ownEquipment(): Promise<Map<string, string[]>> {
  const file = new URL("../training/topics.json", import.meta.url);
  const { categories } = JSON.parse(await readFile(file, "utf8")) as Topics;
  return new Map(
    Object.values(categories).flatMap(({ heads, modifiers }) =>
      Object.entries(modifiers).flatMap(([modifier, things]) =>
        heads.map((head): [string, string[]] => [`${modifier} ${head.replace("*", "")}`, things]),
      ),
    ),
  );
}

/** What a plan lists before its first step. */
function needs(plan: string): string {
  return plan.split(/^(?:1\.|Step 1:)/m)[0] ?? "";
}

/** How many of the answers name both things of their own prompt's topic. */
async function namingTheirOwn(asked: readonly Prompt[], answers: readonly GenerateResult[]): Promise<number> {
  const equipment = await ownEquipment();
  return asked.filter((prompt, at) => {
    const [topic = ""] = [...equipment.keys()].filter((name) => String(prompt).includes(name)).sort((a, b) => b.length - a.length);
    const things = equipment.get(topic) ?? [];
    return things.length === 2 && things.every((thing) => needs(answers[at]?.text ?? "").includes(thing));
  }).length;
}

describe("the embedded pair", () => {
  it("ARGS beats greedy decoding in average reward and in diversity, on prompts that training never showed", async () => {
    const greedy = await decoder.generateAll(prompts, { method: "greedy", rewards: true });
    const reward = ({ reward }: GenerateResult): number => reward ?? Number.NaN;
    const varied = ({ text }: GenerateResult): number => diversity(text);
    expect(mean(plans, reward)).toBeGreaterThan(mean(greedy, reward) + 2);
    expect(mean(plans, varied)).toBeGreaterThan(mean(greedy, varied) + 0.5);
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

  it("names the equipment of the prompt's own topic, on topics that training never showed", async () => {
    expect(await namingTheirOwn([PAPER_PROMPT], [await decoder.generate(PAPER_PROMPT)])).toBe(1);
    expect(await namingTheirOwn(prompts, plans)).toBeGreaterThanOrEqual(0.9 * prompts.length);
  });

  it("goes on to a second topic, and to a third, in the same conversation", async () => {
    const turn = (at: number): ChatMessage[] => [
      { role: "user", content: String(prompts[at]) },
      { role: "assistant", content: plans[at]?.text ?? "" },
    ];
    for (const earlier of [1, 2]) {
      const asked = prompts.slice(earlier, earlier + 6);
      const conversations = asked.map((prompt, at): Prompt => {
        const before = Array.from({ length: earlier }, (_, back) => turn(at + back)).flat();
        return [...before, { role: "user", content: String(prompt) }];
      });
      const answers = await decoder.generateAll(conversations, { maxTokens: 56 });
      expect(await namingTheirOwn(asked, answers)).toBeGreaterThanOrEqual(0.8 * asked.length);
      expect(mean(answers, ({ reward }) => reward ?? Number.NaN)).toBeGreaterThan(0.5);
    }
  });
});
