/** GPT-2's byte-level BPE, as OPT has it, out of a Hugging Face directory into llama.cpp's metadata. */
import { join } from "node:path";
import { ArgsearchError } from "../../errors.js";
import { ifAny, isJsonObject, type JsonObject, readJsonObject, readText } from "../../files/json.js";
import type { GgufValue } from "../../gguf/writer.js";

export interface SpecialIds {
  bos: number;
  eos: number;
  pad: number;
}

interface Bpe {
  vocabulary: Map<string, number>;
  /** "a b", in order of rank. */
  merges: string[];
  /** Tokens that are no outcome of merges, with their ids, and whether they are control tokens. */
  added: { id: number; text: string; special: boolean }[];
}

/** llama.cpp's token types. */
const TOKEN = { normal: 1, control: 3, userDefined: 4, unused: 5 } as const;

/**
 * The `tokenizer.*` keys. OPT puts its bos token before every text, unless tokenizer_config.json says otherwise.
 *
 * @param size rows of the embedding table; ids without a token become unused ones
 * @throws ArgsearchError FILE_NOT_FOUND, FILE_UNREADABLE, INPUT_INVALID; MODEL_UNSUPPORTED for another kind of tokenizer
 */
export async function gpt2Tokenizer(dir: string, size: number, { bos, eos, pad }: SpecialIds): Promise<Record<string, GgufValue>> {
  const settings = (await ifAny(readJsonObject, join(dir, "tokenizer_config.json"))) ?? {};
  const bpe = (await fromTokenizerJson(dir)) ?? (await fromVocabAndMerges(dir, settings));
  const { tokens, types } = tokenTable(dir, bpe, size, [bos, eos, pad]);
  const template = typeof settings.chat_template === "string" ? settings.chat_template : await templateFile(dir);
  return {
    "tokenizer.ggml.model": { type: "string", value: "gpt2" },
    "tokenizer.ggml.pre": { type: "string", value: "gpt-2" },
    "tokenizer.ggml.tokens": { type: "string[]", value: tokens },
    "tokenizer.ggml.token_type": { type: "i32[]", value: types },
    "tokenizer.ggml.merges": { type: "string[]", value: bpe.merges },
    "tokenizer.ggml.bos_token_id": { type: "u32", value: bos },
    "tokenizer.ggml.eos_token_id": { type: "u32", value: eos },
    "tokenizer.ggml.padding_token_id": { type: "u32", value: pad },
    "tokenizer.ggml.add_bos_token": { type: "bool", value: settings.add_bos_token !== false },
    "tokenizer.ggml.add_eos_token": { type: "bool", value: false },
    ...(template !== undefined && { "tokenizer.chat_template": { type: "string" as const, value: template } }),
  };
}

async function templateFile(dir: string): Promise<string | undefined> {
  return ifAny(readText, join(dir, "chat_template.jinja"));
}

/** Null when there is no tokenizer.json. */
async function fromTokenizerJson(dir: string): Promise<Bpe | null> {
  const path = join(dir, "tokenizer.json");
  const json = await ifAny(readJsonObject, path);
  if (json === undefined) return null;
  const { model, pre_tokenizer: pre, added_tokens: added } = json;
  const byteLevel = isJsonObject(pre) && pre.type === "ByteLevel" && pre.use_regex !== false && pre.add_prefix_space !== true;
  if (!isJsonObject(model) || !isJsonObject(model.vocab) || !Array.isArray(model.merges) || !byteLevel) {
    throw new ArgsearchError("MODEL_UNSUPPORTED", `${path} is not GPT-2's byte-level BPE, which OPT has`);
  }
  return {
    vocabulary: vocabularyOf(path, model.vocab),
    merges: (model.merges as unknown[]).map((merge) => (Array.isArray(merge) ? merge.join(" ") : String(merge))),
    added: (Array.isArray(added) ? (added as unknown[]) : []).filter(isJsonObject).map(({ id, content, special }) => ({
      id: Number(id),
      text: String(content),
      special: special === true,
    })),
  };
}

async function fromVocabAndMerges(dir: string, { added_tokens_decoder: added }: JsonObject): Promise<Bpe> {
  const path = join(dir, "vocab.json");
  const text = await readText(join(dir, "merges.txt"));
  return {
    vocabulary: vocabularyOf(path, await readJsonObject(path)),
    merges: text.split(/\r?\n/).filter((line) => line !== "" && !line.startsWith("#version")),
    added: Object.entries(isJsonObject(added) ? added : {}).flatMap(([id, token]) =>
      isJsonObject(token) ? [{ id: Number(id), text: String(token.content), special: token.special === true }] : [],
    ),
  };
}

function vocabularyOf(path: string, json: JsonObject): Map<string, number> {
  const entries = Object.entries(json);
  if (!entries.every((entry): entry is [string, number] => Number.isSafeInteger(entry[1]))) {
    throw new ArgsearchError("INPUT_INVALID", `${path}: the vocabulary must map tokens to ids`);
  }
  return new Map(entries);
}

function tokenTable(dir: string, bpe: Bpe, size: number, control: readonly number[]): { tokens: string[]; types: number[] } {
  const tokens = Array.from({ length: size }, (_, id) => `[PAD${id}]`);
  const types = tokens.map((): number => TOKEN.unused);
  const set = (id: number, text: string, type: number): void => {
    if (id >= size) throw new ArgsearchError("INPUT_INVALID", `${dir}: the tokenizer has a token ${id}, the model has ${size} embeddings`);
    tokens[id] = text;
    types[id] = type;
  };
  for (const [text, id] of bpe.vocabulary) set(id, text, TOKEN.normal);
  for (const { id, text, special } of bpe.added) set(id, text, special ? TOKEN.control : TOKEN.userDefined);
  for (const id of control) if (id < size) types[id] = TOKEN.control;
  return { tokens, types };
}
