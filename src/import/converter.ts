/** Drives llama.cpp's own converter, in Python, on the trunk of a Hugging Face model. */
import { join } from "node:path";
import { ArgsearchError } from "../errors.js";
import { packageRoot } from "../package-root.js";
import type { ModelType } from "./model-types.js";
import { runPython } from "./python.js";

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
  python?: string | undefined;
  onLine?: ((line: string) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** convert_trunk.py's exit code for modules that are not installed. */
const MISSING_MODULES = 3;

/**
 * Writes a trunk as GGUF.
 *
 * @throws ArgsearchError TOOL_NOT_FOUND without Python or one of its modules; MODEL_UNSUPPORTED for an architecture that the
 * converter does not know; CONVERSION_FAILED; ABORTED
 */
export async function convertTrunk(conversion: TrunkConversion): Promise<void> {
  const { converter, model, out, outType, architecture, drop, prefix, tied, python, onLine, signal } = conversion;
  const args = [
    join(packageRoot, "python", "convert_trunk.py"),
    converter,
    model,
    out,
    "--outtype",
    outType,
    "--architecture",
    architecture,
  ];
  for (const name of drop) args.push(`--drop=${name}`);
  if (prefix !== "") args.push(`--prefix=${prefix}`);
  if (tied) args.push("--tied");
  const { code, tail } = await runPython({ python, args, onLine, signal });
  if (code !== 0) throw failure(conversion, code, tail);
}

function failure(
  { model, out, architecture, python = "python3" }: TrunkConversion,
  code: number | null,
  tail: readonly string[],
): ArgsearchError {
  const missing = tail.findLast((line) => line.startsWith("missing: "))?.slice("missing: ".length);
  if (code === MISSING_MODULES && missing !== undefined) {
    const names = missing.split(" ");
    const what = names.length === 1 ? `the module ${names[0]} that is` : `modules that are`;
    return new ArgsearchError(
      "TOOL_NOT_FOUND",
      `llama.cpp's converter needs ${what} not installed. Install with: ${python} -m pip install ${missing}`,
    );
  }
  if (tail.some((line) => /Model \S+ is not supported/.test(line))) {
    return new ArgsearchError("MODEL_UNSUPPORTED", `${model}: llama.cpp's converter does not know ${architecture}`);
  }
  if (tail.some((line) => line.includes("pre-tokenizer was not recognized"))) {
    return new ArgsearchError("MODEL_UNSUPPORTED", `${model}: llama.cpp's converter does not know its tokenizer's way of splitting words`);
  }
  if (tail.some((line) => /No space left on device|Disk quota exceeded/.test(line))) {
    return new ArgsearchError("FILE_UNWRITABLE", `the disk is full: ${out} cannot be written`);
  }
  const reason = tail.findLast((line) => line.trim() !== "") ?? (code === null ? "it was killed" : "it gave no reason");
  return new ArgsearchError("CONVERSION_FAILED", `llama.cpp's converter failed on ${model}: ${reason.trim()}`, {
    cause: new Error(tail.join("\n")),
  });
}
