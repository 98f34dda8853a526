/** SentencePiece puts a space before a text. A response does not begin one: score() must read it as decoding wrote it. */
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Decoder, load } from "../../src/index.js";
import { writeGguf } from "../helpers/gguf-writer.js";
import { modelFolder } from "../helpers/model-folder.js";
import { ggufContent, type RandomModel, randomModel } from "../helpers/random-model.js";
import { largestDifference, ROUNDING } from "../helpers/rounding.js";
import { StoredVocabulary } from "../helpers/stored-vocabulary.js";

const vocabulary = StoredVocabulary.of("llama-spm");
const shape = { vocabulary, layers: 1, embedding: 32, heads: 2, kvHeads: 1, feedForward: 32, contextLength: 64 };
const chatTemplate = "{{ bos_token }}[INST] {{ messages[0].content }} [/INST]";

/** What the policy says, each after the last token of another prompt. */
const RECITALS = [
  ["▁ship", "Hello", "▁world", "!", "<0x0A>", "Good", "bye", "."],
  ["▁sea", "▁Hel", "met", "▁on", "▁top"],
  ["]", "▁Sure", ",", "▁here"],
];

/** A policy without attention whose next token is written in its weights: each token of a recital brings the one after it. */
function reciting(recitals: readonly (readonly string[])[]): RandomModel {
  const model = randomModel({ seed: 71, chatTemplate, ...shape });
  const { embedding, output, outputNorm, layers } = model.weights;
  for (const weights of [output, ...layers.flatMap((layer) => [layer.attentionOutput, layer.down])]) weights.fill(0);
  outputNorm.fill(1);
  let place = 0;
  for (const ids of recitals.map((tokens) => vocabulary.ids(...tokens))) {
    for (const [index, id] of ids.slice(0, -1).entries()) {
      embedding.fill(0, id * shape.embedding, (id + 1) * shape.embedding);
      embedding[id * shape.embedding + place] = 1;
      output[ids[index + 1] * shape.embedding + place] = 10;
      place += 1;
    }
  }
  return model;
}

const folder = modelFolder();
const reward = folder.write({ seed: 72, labels: ["reward"], chatTemplate, ...shape });
let decoder: Decoder;

beforeAll(async () => {
  const policy = join(dirname(reward.path), "reciting.gguf");
  writeGguf(policy, ggufContent(reciting(RECITALS)));
  decoder = await load({ policy, reward: reward.path, gpu: false, threads: 1 });
});
afterAll(() => decoder.dispose());

describe("with a SentencePiece vocabulary, score() reads what generate() wrote", () => {
  it.each([
    ["a raw prompt", "A tall ship", "none", RECITALS[0], "Hello world!\nGoodbye."],
    ["a response that begins with a space", "Out at sea", "none", RECITALS[1], " Helmet on top"],
    ["a chat template", "hello", "auto", RECITALS[2], " Sure, here"],
  ] as const)("after %s", async (_, prompt, template, [, ...tokens], text) => {
    const decoded = await decoder.generate(prompt, { template, method: "greedy", rewards: true, maxTokens: tokens.length });
    expect(decoded.tokens).toEqual(vocabulary.ids(...tokens));
    expect(decoded.text).toBe(text);
    const scored = await decoder.score({ prompt, response: text }, { template });
    expect(scored.tokens.map(({ id }) => id)).toEqual(decoded.tokens);
    expect(scored.tokens.map((token) => token.text).join("")).toBe(text);
    const rewards = scored.tokens.map((token) => token.reward);
    expect(largestDifference(rewards, decoded.rewards)).toBeLessThan(ROUNDING);
  });

  it("and a whole text with the space that begins it", async () => {
    const { tokens } = await decoder.score({ text: "Hello world" });
    expect(tokens.map(({ id }) => id)).toEqual(vocabulary.ids("▁Hello", "▁world"));
  });
});
