/** Vocabularies that cut the same text in different ways, and decoding across them. */
import { type GenerateOptions, type LoadOptions, load } from "../../src/index.js";
import { type Decoded, decode } from "./brute-force.js";
import { MergedVocabulary } from "./merged-vocabulary.js";
import type { StoredModel } from "./model-folder.js";
import { PieceVocabulary } from "./piece-vocabulary.js";

type Merges = [left: string | number[], right: string | number[]][];

const WRITTEN: Merges = [
  ["t", "h"],
  ["th", "e"],
  [" ", "a"],
  ["o", "n"],
  ["e", " "],
  [[0xe6], [0x97]],
  [[0x9f], [0x98]],
];
const READ: Merges = [
  ["h", "e"],
  ["t", "he"],
  [" ", "t"],
  [" t", "he"],
  ["b", "o"],
  [[0xe6], [0x97]],
  [[0xe6, 0x97], [0xa5]],
  [[0xef], [0xbf]],
];

/** Letters, and the parts of "日" and "😀": what a random policy makes of these is often no character. */
export const POLICY = new MergedVocabulary(new Set(Buffer.from("abehnot .日😀")), WRITTEN);
export const BPE = new MergedVocabulary(Array(256).keys(), READ);
export const SPM = new PieceVocabulary([..."▁abehnot.", "▁t", "he", "▁the", "bo", "▁a", "on", "▁bo", "日"]);

export const PROMPT = "a hot bone.";

/** Decodes across tokenizers. */
export async function across(
  policy: StoredModel,
  rewards: readonly StoredModel[],
  options: GenerateOptions,
  more: LoadOptions = {},
): Promise<Decoded> {
  const reward = rewards.map(({ path }) => path);
  const decoder = await load({ policy: policy.path, reward, tokenizers: "any", gpu: false, threads: 1, ...more });
  try {
    return await decode(decoder, PROMPT, { weight: 0.5, ...options });
  } finally {
    await decoder.dispose();
  }
}
