/** Drives llama.cpp's own converter, in Python, on the trunk of a Hugging Face model. */
import { readdir } from "node:fs/promises";
import { ArgsearchError } from "../../errors.js";
import { unreadable } from "../../files/file-errors.js";
import { unpacked } from "../../package-root.js";
import type { ModelType } from "../model-types.js";
import { lastWords, pythonScript, runPython } from "./python.js";

/** Formats that the converter writes itself. */
export type OutType = "f32" | "f16" | "bf16";

/** What the converter is to write: the wanted type if it can, else what loses nothing of the weights before they are quantised. */
export function trunkType(type: ModelType, dtype: string): OutType {
  if (type === "f32" || type === "f16" || type === "bf16") return type;
  return dtype === "BF16" ? "bf16" : dtype === "F16" ? "f16" : "f32";
}

export interface TrunkConversion {
  /** Directory of convert_hf_to_gguf.py. */
  converter: string;
  /** Directory of the model. */
  model: string;
  out: string;
  outType: OutType;
  /** The causal language model that has this trunk. */
  architecture: string;
  /** Tensors to leave out. */
  drop: readonly string[];
  /** What a wrapper put before the tensors' names; "" for nothing. */
  prefix: string;
  /** The model has no vocabulary projection of its own. */
  tied: boolean;
  /** The program, of findPython(). */
  python: string;
  onLine?: ((line: string) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * A model whose tokenizer was not copied along: transformers makes one up, which the converter does not know.
 *
 * @throws ArgsearchError FILE_NOT_FOUND, FILE_UNREADABLE
 */
export async function requireTokenizer(dir: string): Promise<void> {
  const names = await readdir(dir).catch((error: unknown) => {
    throw unreadable(error, dir);
  });
  const isTokenizer = (name: string): boolean =>
    name !== "tokenizer_config.json" && /tokeniz|vocab|merges|spiece|sentencepiece|tekken|tiktoken/i.test(name);
  if (names.some(isTokenizer)) return;
  const files = "tokenizer.json, tokenizer.model or vocab.json with merges.txt";
  throw new ArgsearchError("FILE_NOT_FOUND", `${dir} has no tokenizer: copy ${files} there, from the model that it was trained from`);
}

/**
 * Writes a trunk as GGUF.
 *
 * @throws ArgsearchError TOOL_NOT_FOUND without Python; MODEL_UNSUPPORTED for an architecture that the converter does not know;
 * FILE_UNWRITABLE on a full disk; CONVERSION_FAILED; ABORTED
 */
export async function convertTrunk(conversion: TrunkConversion): Promise<void> {
  const { converter, model, out, outType, architecture, drop, prefix, tied, python, onLine, signal } = conversion;
  const files = [pythonScript("convert_trunk.py"), unpacked(converter), unpacked(model), out];
  const args = [...files, "--outtype", outType, "--architecture", architecture];
  for (const name of drop) args.push(`--drop=${name}`);
  if (prefix !== "") args.push(`--prefix=${prefix}`);
  if (tied) args.push("--tied");
  const { code, tail } = await runPython(python, { args, onLine, signal });
  if (code !== 0) throw failure(conversion, code, tail);
}

function failure({ model, out, architecture }: TrunkConversion, code: number | null, tail: readonly string[]): ArgsearchError {
  if (tail.some((line) => /Model \S+ is not supported/.test(line))) {
    return new ArgsearchError("MODEL_UNSUPPORTED", `${model}: llama.cpp's converter does not know ${architecture}`);
  }
  if (tail.some((line) => line.includes("pre-tokenizer was not recognized"))) {
    return new ArgsearchError("MODEL_UNSUPPORTED", `${model}: llama.cpp's converter does not know its tokenizer's way of splitting words`);
  }
  const quantised = tail.findLast((line) => /NotImplementedError: .*quant/i.test(line));
  if (quantised !== undefined) {
    const how = "Give the model as it was before it was quantised";
    return new ArgsearchError(
      "MODEL_UNSUPPORTED",
      `${model}: llama.cpp's converter does not read its quantised weights (${quantised.trim()}). ${how}`,
    );
  }
  if (tail.some((line) => /No space left on device|Disk quota exceeded/.test(line))) {
    return new ArgsearchError("FILE_UNWRITABLE", `the disk is full: ${out} cannot be written`);
  }
  return new ArgsearchError("CONVERSION_FAILED", `llama.cpp's converter failed on ${model}: ${lastWords(tail, code)}`, {
    cause: new Error(tail.join("\n")),
  });
}
