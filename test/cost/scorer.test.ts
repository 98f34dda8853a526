import { expect, it } from "vitest";
import { binding, type NativeScorer, type ScoreSequence } from "../../src/engine/binding.js";
import { SIXTY_TOKENS } from "../helpers/byte-vocabulary.js";
import { modelFolder } from "../helpers/model-folder.js";
import { loadNative, NATIVE_CONTEXT } from "../helpers/native.js";

const folder = modelFolder();
const { path } = folder.write({ seed: 121, labels: ["reward"] });

async function withScorer<T>(work: (scorer: NativeScorer) => Promise<T>): Promise<T> {
  const model = await loadNative(path);
  const scorer = await binding().createScorer({ ...NATIVE_CONTEXT, model, sequences: 16 });
  try {
    return await work(scorer);
  } finally {
    await scorer.dispose();
    model.dispose();
  }
}

function atEnd(text: string): ScoreSequence {
  const tokens = Int32Array.from(SIXTY_TOKENS.encode(text));
  return { tokens, positions: Int32Array.of(tokens.length - 1) };
}

it("decodes a prefix that neighbouring texts share once, all in one batch", async () => {
  const prompt = "a tall ship sails at dawn. ";
  const responses = ["yes", "yes, sir", "no", "not now"];
  const counters = await withScorer(async (scorer) => {
    await scorer.score(
      responses.map((response) => atEnd(prompt + response)),
      false,
    );
    return scorer.counters();
  });
  const own = "yes".length + ", sir".length + "no".length + "t now".length;
  expect(counters).toEqual({ tokens: prompt.length + own, decodes: 1 });
});

it("decodes texts that share nothing whole, however many", async () => {
  const texts = Array.from({ length: 40 }, (_, index) => `${"abcdefghij"[index % 10]} ship ${index}`);
  const counters = await withScorer(async (scorer) => {
    await scorer.score(texts.map(atEnd), false);
    return scorer.counters();
  });
  expect(counters.tokens).toBe(texts.join("").length);
  expect(counters.decodes).toBe(3); // 16 sequences at a time
});
