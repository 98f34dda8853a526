/** evaluate() with reward models of several tokenizers. */
import { expect, it } from "vitest";
import { evaluate } from "../../src/evaluate/index.js";
import { ALL_BYTES, SIXTY_TOKENS } from "../helpers/byte-vocabulary.js";
import { modelFolder } from "../helpers/model-folder.js";
import { scratch } from "./small.js";

const folder = modelFolder();
const policy = folder.write({ seed: 1, vocabulary: SIXTY_TOKENS, layers: 1 });
const rewards = [SIXTY_TOKENS, ALL_BYTES].map((vocabulary, index) =>
  folder.write({ seed: 2 + index, vocabulary, layers: 1, labels: [`reward${index}`] }),
);

it("rates and guides across tokenizers, where that is allowed", async () => {
  const out = await scratch();
  const common = {
    policy: policy.path,
    data: ["a ship", "a dog"],
    template: "none",
    maxTokens: 4,
    slots: 1,
    threads: 1,
    gpu: false,
    out,
  } as const;
  const reward = rewards.map(({ path }) => path);
  const methods = ["greedy", "args-greedy"] as const;
  await expect(evaluate({ ...common, methods, reward })).rejects.toMatchObject({ code: "VOCABULARY_MISMATCH" });
  const { methods: found } = await evaluate({ ...common, methods, reward, tokenizers: "any" });
  for (const name of methods) expect(Number.isFinite(found[name]?.reward?.mean), name).toBe(true);
});
