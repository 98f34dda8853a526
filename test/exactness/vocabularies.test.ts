/**
 * Vocabularies that differ only where one model has rows that the other has no use for: padding, added control tokens, other
 * names for reserved ones. What a reward model lacks is never proposed; all other numbers stay those of the whole vocabulary.
 */
import { describe, expect, it } from "vitest";
import { type GenerateOptions, load, loadReward } from "../../src/index.js";
import { decode, expectBruteForce, expectBruteForceNumbers, promptOf, type Search, settingOf } from "../helpers/brute-force.js";
import { ByteVocabulary, EOS_TEXT } from "../helpers/byte-vocabulary.js";
import { ChangedVocabulary, padding, TYPE, type VocabularyChange } from "../helpers/changed-vocabulary.js";
import { modelFolder, type StoredPair, withPair } from "../helpers/model-folder.js";
import { nextLogProbs, rewardsAtEnd } from "../helpers/reference-llama.js";
import { largestDifference } from "../helpers/rounding.js";

const BYTES = Buffer.from("abcdefghijklmnopqrstuvwxyz <>/,.");
const BASE = new ByteVocabulary(BYTES);
const { bos, eos, size } = BASE;
const PROMPT = "a tall ship.";
const SEARCH: Search = { topK: 6, weight: 0.5, combine: "interpolate" };
const NONE = { template: "none" } as const;

const changed = (change: VocabularyChange) => new ChangedVocabulary(BYTES, change);
const control = (text: string) => ({ text, type: TYPE.control });
const userDefined = (text: string) => ({ text, type: TYPE.userDefined });
const from = (first: number, count: number) => Array.from({ length: count }, (_, index) => first + index);

const PADDED = changed({ more: padding(size, 64) });
const TRAINED = changed({ more: [control("[PAD]")] });
const OLD_PADDING = padding(size, 3).map(({ text }) => userDefined(text));
const RESERVED = changed({ more: [control("<|reserved_special_token_0|>"), control("<|reserved_special_token_1|>")] });

const folder = modelFolder();
let seed = 300;
const pairOf = (policy: ByteVocabulary, reward: ByteVocabulary): StoredPair =>
  folder.writePair(++seed, { vocabulary: policy, layers: 1 }, { vocabulary: reward, layers: 1 });

/** By policy and reward model, with what the latter lacks. */
const ACCEPTED: [what: string, policy: ByteVocabulary, reward: ByteVocabulary, lacking: number[]][] = [
  ["64 unused rows more in the policy", PADDED, BASE, from(size, 64)],
  ["64 unused rows more in the reward model", BASE, PADDED, []],
  ["unused rows in both, more in the policy", changed({ more: padding(size, 9) }), changed({ more: padding(size, 4) }), from(size, 9)],
  ["padding that an older converter gave another kind", changed({ more: OLD_PADDING }), BASE, from(size, 3)],
  ["a control token of the policy in a row of such padding", TRAINED, changed({ more: OLD_PADDING }), [size]],
  ["a [PAD] that the policy's trainer added", TRAINED, BASE, [size]],
  ["a [PAD] that the reward model's trainer added", BASE, TRAINED, []],
  ["a control token more in the policy", changed({ more: [control("<|im_start|>")] }), BASE, [size]],
  ["a control token of the policy in a row that the reward model has not used", TRAINED, PADDED, [size]],
  ["a control token of the reward model in a row that the policy has not used", PADDED, TRAINED, from(size + 1, 63)],
  ["mark-up of the policy in a row that the reward model has not used", changed({ more: [userDefined("<think>")] }), PADDED, [size]],
  ["a reserved control token that the policy has renamed", changed({ more: [control("<|python_tag|>"), control("<|b|>")] }), RESERVED, []],
  ["a reserved control token that became a further end of messages", changed({ more: [control("<|eom_id|>")] }), RESERVED, []],
  ["a reserved control token that became mark-up", changed({ more: [userDefined("<think>")] }), RESERVED, []],
  ["a beginning and an end with other names", changed({ rows: { [bos]: control("<s>"), [eos]: control("</s>") } }), BASE, []],
  ["an end of turn that only the reward model has", BASE, changed({ more: [control("<|im_end|>")], special: { eos: size } }), []],
];

describe.for(ACCEPTED)("%s", ([, policy, reward, lacking]) => {
  const pair = pairOf(policy, reward);
  const excluded = new Set(lacking);

  it("decodes as brute force does over the tokens that both know", async () => {
    const { steps } = await withPair(pair, (decoder) => decode(decoder, PROMPT, { ...SEARCH, maxTokens: 8 }));
    expectBruteForce({ ...settingOf(pair, PROMPT, SEARCH), excluded }, steps);
  });

  it("scores as brute force does, and as decoding saw it", async () => {
    await withPair(pair, async (decoder) => {
      const { tokens, reward: found } = await decoder.score({ prompt: PROMPT, response: "sail on." }, NONE);
      expect(tokens.map(({ text }) => text).join("")).toBe("sail on.");
      const [wanted] = rewardsAtEnd(pair.reward.model, [...promptOf(pair.reward.model, PROMPT), ...BASE.encode("sail on.")]);
      expect(Math.abs(found - wanted)).toBeLessThan(1e-4);
    });
  });
});

describe("a policy that likes the rows most that the reward model lacks", () => {
  const pair = pairOf(PADDED, BASE);
  const excluded = new Set(from(size, 64));
  const liked = (response: readonly number[]) => {
    const logProbs = nextLogProbs(pair.policy.model, [...promptOf(pair.policy.model, PROMPT), ...response]);
    return logProbs.indexOf(Math.max(...logProbs));
  };

  it.for<[what: string, options: GenerateOptions]>([
    ["greedy", { method: "greedy" }],
    ["args", { method: "args", ...SEARCH }],
    ["args over the whole vocabulary", { method: "args", ...SEARCH, topK: PADDED.size }],
    ["args, drawn", { method: "args", ...SEARCH, select: "stochastic", temperature: 10, seed: 3 }],
  ])("never gets one: %s", async ([, options]) => {
    const { steps } = await withPair(pair, (decoder) => decode(decoder, PROMPT, { ...options, maxTokens: 12 }));
    const { topK = 1 } = options;
    const weight = options.weight ?? SEARCH.weight;
    const setting = { ...settingOf(pair, PROMPT, { ...SEARCH, weight, topK: Math.min(topK, size) }), excluded };
    if (options.method !== "greedy") expectBruteForceNumbers(setting, steps);
    const tokens = steps.map(({ token }) => token);
    expect(tokens.filter((token) => excluded.has(token))).toEqual([]);
    const wished = tokens.filter((_, index) => excluded.has(liked(tokens.slice(0, index))));
    expect(wished.length, "steps where the policy would have taken one").toBeGreaterThan(0);
  });

  it("never draws one, and tells log-probabilities over all rows", async () => {
    let drawn = 0;
    await withPair(pair, async (decoder) => {
      for (const seed of [1, 2, 3, 4, 5, 6]) {
        const { steps } = await decode(decoder, PROMPT, { method: "sample", temperature: 20, topK: 0, topP: 1, seed, maxTokens: 20 });
        const tokens = steps.map(({ token }) => token);
        expect(tokens.filter((token) => excluded.has(token))).toEqual([]);
        const before = (index: number) => [...promptOf(pair.policy.model, PROMPT), ...tokens.slice(0, index)];
        const wanted = tokens.map((token, index) => nextLogProbs(pair.policy.model, before(index))[token]);
        const found = steps.map(({ logProb }) => logProb);
        expect(largestDifference(found, wanted)).toBeLessThan(1e-4);
        drawn += tokens.length;
      }
    });
    expect(drawn).toBeGreaterThan(30);
  });

  it("gets one where no reward model reads", async () => {
    const decoder = await load({ policy: pair.policy.path, gpu: false, threads: 1, reward: (candidates) => candidates.map(() => 0) });
    const { steps } = await decode(decoder, PROMPT, { method: "greedy", maxTokens: 8 });
    await decoder.dispose();
    expect(steps.some(({ token }) => excluded.has(token))).toBe(true);
  });
});

it("leaves out what any of several reward models lacks", async () => {
  const policy = folder.write({ seed: 401, vocabulary: PADDED, layers: 1 });
  const one = folder.write({
    seed: 402,
    labels: ["one"],
    vocabulary: changed({ more: padding(size, 2).map(({ text }) => control(text)) }),
    layers: 1,
  });
  const two = folder.write({ seed: 403, labels: ["two"], vocabulary: BASE, layers: 1 });
  const decoder = await load({ policy: policy.path, reward: [one.path, two.path], gpu: false, threads: 1 });
  const { steps } = await decode(decoder, PROMPT, { ...SEARCH, topK: 40, maxTokens: 10 });
  await decoder.dispose();
  for (const { candidates = [] } of steps) for (const { token } of candidates) expect(token).toBeLessThan(size);
});

describe("a response that spells a token which not all models have", () => {
  const thinking = changed({ more: [userDefined("<think>")] });

  it("is cut into tokens that all have", async () => {
    const pair = pairOf(thinking, PADDED);
    const response = "so <think> it";
    const { tokens, reward } = await withPair(pair, (decoder) => decoder.score({ prompt: PROMPT, response }, NONE));
    expect(tokens.map(({ id }) => id)).toEqual(BASE.encode(response));
    const [wanted] = rewardsAtEnd(pair.reward.model, [...promptOf(pair.reward.model, PROMPT), ...BASE.encode(response)]);
    expect(Math.abs(reward - wanted)).toBeLessThan(1e-4);
  });

  it("is INPUT_INVALID naming the token where no model cuts it so, and costs no other", async () => {
    const other = changed({ more: [{ ...padding(size, 1)[0] }, userDefined("<plan>")] });
    const models = [thinking, other].map((vocabulary, index) =>
      folder.write({ seed: 410 + index, labels: ["reward"], vocabulary, layers: 1 }),
    );
    const judge = await loadReward({ reward: models.map(({ path }) => path), gpu: false, threads: 1 });
    const response = "a <think> or <plan>";
    await expect(judge.score({ prompt: PROMPT, response }, NONE)).rejects.toMatchObject({
      code: "INPUT_INVALID",
      message: expect.stringMatching(/token \d+ \("<think>"\) of .*\.gguf, which .*\.gguf does not have/),
    });
    expect((await judge.score({ prompt: PROMPT, response: "a plan" }, NONE)).tokens).toHaveLength(6);
    await judge.dispose();
  });
});

describe("is VOCABULARY_MISMATCH, with the id and what it is for both:", () => {
  const both = [control("<|a|>"), control("<|b|>")];
  it.for<[what: string, policy: ByteVocabulary, reward: ByteVocabulary, message: RegExp]>([
    ["another text", BASE, changed({ rows: { 5: { text: "X", type: TYPE.normal } } }), /token 5 is "X" against "f"\. /],
    ["a text where the other has a control token", BASE, changed({ rows: { 5: control("<|x|>") } }), /token 5 is "<\|x\|>" against "f"\. /],
    [
      "a text in a row that the other has not used",
      PADDED,
      changed({ more: [{ text: "ab", type: TYPE.normal }] }),
      /Token 34 is "ab" against "\[PAD34\]" \(unused\)/,
    ],
    [
      "a text more in the reward model",
      BASE,
      changed({ more: [{ text: "ab", type: TYPE.normal }] }),
      /35 tokens against 34\. Token 34 is "ab" against missing/,
    ],
    [
      "a text more in the policy",
      changed({ more: [{ text: "ab", type: TYPE.normal }] }),
      BASE,
      /34 tokens against 35\. Token 34 is missing against "ab"/,
    ],
    ["user-defined text more in the policy", changed({ more: [userDefined("ab")] }), BASE, /Token 34 is missing against "ab"/],
    [
      "an end of turn that the reward model lacks",
      changed({ more: [control("<|im_end|>")], special: { eos: size } }),
      BASE,
      /Token 34 is missing against "<\|im_end\|>", which ends a response for the latter only/,
    ],
    [
      "an end of turn in a row that the reward model has not used",
      changed({ more: [control("<|mine|>")], special: { eos: size } }),
      PADDED,
      /Token 34 is "\[PAD34\]" \(unused\) against "<\|mine\|>", which ends a response for the latter only/,
    ],
    [
      "an end of turn that is another control token for the reward model",
      changed({ more: both }),
      changed({ more: both, rows: { [eos]: control("<|tool|>") }, special: { eos: size } }),
      /token 33 is "<\|tool\|>" against "<\|eos\|>", which ends a response for the latter only/,
    ],
    [
      "an end of turn in what the reward model reserves",
      changed({ more: [control("<|mine|>"), control("<|b|>")], special: { eos: size } }),
      RESERVED,
      /token 34 is "<\|reserved_special_token_0\|>" against "<\|mine\|>", which ends a response for the latter only/,
    ],
    [
      "a control token that ends generation for the reward model",
      changed({ more: both }),
      changed({ more: [control("<|eot_id|>"), control("<|b|>")] }),
      /token 34 is "<\|eot_id\|>" against "<\|a\|>", which ends a response for the former only/,
    ],
    [
      "a beginning that is another control token for the reward model",
      changed({ more: both }),
      changed({ more: both, rows: { [bos]: control("<|tool|>") }, special: { bos: size } }),
      /token 32 is "<\|tool\|>" against "<\|bos\|>"/,
    ],
  ])("%s", async ([, policy, reward, message]) => {
    const pair = pairOf(policy, reward);
    const refused = { code: "VOCABULARY_MISMATCH", message: expect.stringMatching(message) };
    await expect(load({ policy: pair.policy.path, reward: pair.reward.path, gpu: false })).rejects.toMatchObject(refused);
  });
});

it("the fixtures have the ids that these tests name", () => {
  expect({ bos, eos, size, text: EOS_TEXT }).toEqual({ bos: 32, eos: 33, size: 34, text: "<|eos|>" });
});
