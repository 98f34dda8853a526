/** A judge, and pairs by its taste: what a head fitted on its trunk must be able to learn. */
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { loadReward, type PreferencePair, type RewardModel } from "../../src/index.js";
import { modelFolder } from "../helpers/model-folder.js";
import { Random } from "../helpers/random.js";

export const models = modelFolder();
/** A trunk with a head: what the head prefers, a head fitted on the trunk must be able to learn. */
export const judge = models.write({ seed: 5, labels: ["reward"] });
export const CPU = { gpu: false, threads: 1 } as const;

let folder = 0;

export function outPath(): string {
  const path = join(dirname(judge.path), `fit-${++folder}`);
  mkdirSync(path);
  return join(path, "rm.gguf");
}

export async function withJudge<T>(path: string, use: (model: RewardModel) => Promise<T>): Promise<T> {
  const model = await loadReward({ reward: path, ...CPU });
  try {
    return await use(model);
  } finally {
    await model.dispose();
  }
}

/** Random texts, the better one by the judge's reward at the end. */
export async function judgedPairs(count: number, seed: number): Promise<PreferencePair[]> {
  const random = new Random(seed);
  const letters = "abcdefghijklmnopqrstuvwxyz ,.";
  const text = (low: number, high: number): string =>
    Array.from({ length: random.integer(low, high) }, () => letters[random.integer(0, letters.length - 1)]).join("");
  const texts = Array.from({ length: count }, () => ({ prompt: text(3, 9), responses: [text(2, 20), text(2, 20)] }));
  const rewards = await withJudge(judge.path, (model) =>
    model.score(
      texts.flatMap(({ prompt, responses }) => responses.map((response) => ({ prompt, response }))),
      { template: "none" },
    ),
  );
  return texts.map(({ prompt, responses: [a, b] }, index) => {
    const [first, second] = [rewards[2 * index].reward, rewards[2 * index + 1].reward];
    return first > second ? { prompt, chosen: a, rejected: b } : { prompt, chosen: b, rejected: a };
  });
}
