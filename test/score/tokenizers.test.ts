/** score() with reward models of several tokenizers: each reads the text in its own, whole responses exactly. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Decoder, load, loadReward, type RewardModel, type ScoreResult } from "../../src/index.js";
import { promptOf } from "../helpers/brute-force.js";
import { ALL_BYTES, type ByteVocabulary } from "../helpers/byte-vocabulary.js";
import { MergedVocabulary } from "../helpers/merged-vocabulary.js";
import { modelFolder, type StoredModel } from "../helpers/model-folder.js";
import { PieceVocabulary } from "../helpers/piece-vocabulary.js";
import { rewardsAtEnd } from "../helpers/reference-llama.js";

const ERROR = 1e-4;
const PROMPT = "a hot bone.";
const RESPONSE = " the boat 日 the hen 😀";

const BPE = new MergedVocabulary(Array(256).keys(), [
  ["h", "e"],
  ["t", "he"],
  [" ", "the"],
  [[0xe6], [0x97]],
  [[0xe6, 0x97], [0xa5]],
]);
const SPM = new PieceVocabulary([..."▁abehnot.", "▁t", "he", "▁the", "bo", "▁bo", "日"]);

const folder = modelFolder();
let seed = 900;
const write = (vocabulary: ByteVocabulary, labels?: readonly string[]): StoredModel =>
  folder.write({ seed: ++seed, vocabulary, layers: 1, ...(labels && { labels }) });
const policy = write(ALL_BYTES);
const bytes = write(ALL_BYTES, ["bytes"]);
const bpe = write(BPE, ["bpe"]);
const spm = write(SPM, ["spm"]);

let decoder: Decoder;
let judge: RewardModel;
beforeAll(async () => {
  const CPU = { gpu: false, threads: 1, tokenizers: "any" } as const;
  decoder = await load({ policy: policy.path, reward: [spm.path, bytes.path, bpe.path], ...CPU });
  judge = await loadReward({ reward: [bpe.path, spm.path, bytes.path], ...CPU });
});
afterAll(() => Promise.all([decoder.dispose(), judge.dispose()]));

const read = ({ model }: StoredModel, own: readonly number[]) => rewardsAtEnd(model, [...promptOf(model, PROMPT), ...own])[0];
const whole = (stored: StoredModel) => read(stored, stored.model.vocabulary.encode(RESPONSE));

function expectWhole({ reward, objectives }: ScoreResult): void {
  for (const [name, stored] of Object.entries({ bytes, bpe, spm })) {
    expect(Math.abs((objectives[name] ?? Number.NaN) - whole(stored)), name).toBeLessThan(ERROR);
  }
  expect(Math.abs(reward - (whole(bytes) + whole(bpe) + whole(spm)))).toBeLessThan(ERROR);
}

it("rates a whole response exactly, whoever cuts it", async () => {
  for (const model of [decoder, judge]) expectWhole(await model.score({ prompt: PROMPT, response: RESPONSE }, { template: "none" }));
});

it("reads the end of a turn in each model's own token", async () => {
  const { objectives } = await judge.score({ prompt: PROMPT, response: RESPONSE }, { template: "none", rewardAt: "end" });
  for (const [name, stored] of Object.entries({ bytes, bpe, spm })) {
    const { vocabulary } = stored.model;
    expect(Math.abs((objectives[name] ?? Number.NaN) - read(stored, [...vocabulary.encode(RESPONSE), vocabulary.eos]))).toBeLessThan(ERROR);
  }
});

it("gives each of the writer's tokens the value of the last one that ends no later", async () => {
  for (const [model, writer] of [
    [decoder, policy],
    [judge, bpe],
  ] as const) {
    const { tokens } = await model.score({ prompt: PROMPT, response: RESPONSE }, { template: "none" });
    expect(tokens.map(({ id }) => id)).toEqual(writer.model.vocabulary.encode(RESPONSE));
    let end = 0;
    for (const { id, objectives = {} } of tokens) {
      end += writer.model.vocabulary.bytesOf(id).length;
      for (const [name, stored] of Object.entries({ bytes, bpe, spm })) {
        let written = 0;
        const own = stored.model.vocabulary.encode(RESPONSE).filter((token) => {
          written += stored.model.vocabulary.bytesOf(token).length;
          return written <= end;
        });
        expect(Math.abs((objectives[name] ?? Number.NaN) - read(stored, own)), `${name} at byte ${end}`).toBeLessThan(ERROR);
      }
    }
  }
});

it("reads whole texts, each model from its own beginning", async () => {
  const { objectives } = await judge.score({ text: "the boat" });
  for (const [name, stored] of Object.entries({ bytes, bpe, spm })) {
    const wanted = rewardsAtEnd(stored.model, promptOf(stored.model, "the boat"))[0];
    expect(Math.abs((objectives[name] ?? Number.NaN) - wanted), name).toBeLessThan(ERROR);
  }
});
