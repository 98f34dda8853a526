/** What a model's file, or its caller, says about it beside what the engine reads. */
import { binding, type NativeModel } from "../engine/binding.js";
import { native } from "../engine/native.js";
import { Metadata } from "../gguf/metadata.js";
import { headPosition } from "../gguf/reward-head.js";
import type { RewardAt } from "../types.js";
import { decodeText } from "./text-decoder.js";

export interface ModelExtras {
  /** A template in place of the file's own, with the option that gave it. */
  template?: { text: string; option: string } | undefined;
  /** Texts of further special tokens, by their names in transformers. */
  specialTokens?: Readonly<Record<string, string>> | undefined;
  /** Where the file says that its head reads a whole response. */
  rewardAt?: RewardAt | undefined;
}

/** GGUF's keys of the tokens that transformers passes to templates, beside those for beginning and end. */
const SPECIAL_TOKENS = {
  unk_token: "unknown_token_id",
  sep_token: "seperator_token_id",
  pad_token: "padding_token_id",
  cls_token: "cls_token_id",
  mask_token: "mask_token_id",
} as const;

/** Reads the file's metadata once more, unless nothing in it could matter. `template`: the one that is used. */
export async function extrasOf(model: NativeModel, template: string | null = model.info.chatTemplate): Promise<ModelExtras> {
  const { path, head } = model.info;
  if (head === null && !mentionsSpecialTokens(template)) return {};
  const metadata = new Metadata(await native(() => binding().readGguf(path)));
  return { specialTokens: specialTokens(model, metadata), rewardAt: headPosition(metadata) };
}

function mentionsSpecialTokens(template: string | null): boolean {
  return Object.keys(SPECIAL_TOKENS).some((name) => template?.includes(name));
}

function specialTokens(model: NativeModel, metadata: Metadata): Record<string, string> {
  const found = Object.entries(SPECIAL_TOKENS).flatMap(([name, key]) => {
    const id = metadata.number(`tokenizer.ggml.${key}`);
    const [text] = id === null || id < 0 || id >= model.info.nVocab ? [] : native(() => model.pieces(Int32Array.of(id), true));
    return text === undefined || text.length === 0 ? [] : [[name, decodeText(text)] as const];
  });
  return Object.fromEntries(found);
}
