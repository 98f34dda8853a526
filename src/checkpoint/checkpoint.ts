/** The safetensors files of a Hugging Face directory, seen as one table of tensors. */
import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { ArgsearchError } from "../errors.js";
import { unreadable } from "../files/file-errors.js";
import { isJsonObject, readJsonObject } from "../files/json.js";
import { firstNonFinite, isFloatFormat } from "../gguf/float-formats.js";
import { isOfQuantised } from "./head-names.js";
import { safetensorsLine } from "./python-lines.js";
import { SafetensorsFile } from "./safetensors.js";
import { isQuantisedFormat, type TensorInfo } from "./safetensors-header.js";

const SINGLE = "model.safetensors";
const INDEX = `${SINGLE}.index.json`;

/** Numbers looked at in one piece. */
const CHUNK = 1 << 22;

export class Checkpoint {
  /** Directory, or the one file, that it was opened from. */
  readonly path: string;
  readonly #tensors: ReadonlyMap<string, { file: SafetensorsFile; info: TensorInfo }>;
  readonly #files: readonly SafetensorsFile[];

  private constructor(path: string, files: readonly SafetensorsFile[]) {
    this.path = path;
    this.#files = files;
    const tensors = new Map<string, { file: SafetensorsFile; info: TensorInfo }>();
    for (const file of files) {
      for (const [name, info] of file.tensors) {
        const other = tensors.get(name)?.file.path;
        if (other !== undefined)
          throw new ArgsearchError("MODEL_INVALID", `${name} lies in ${other} and in ${file.path}: one of them is too much`);
        tensors.set(name, { file, info });
      }
    }
    this.#tensors = tensors;
  }

  /**
   * Opens a directory (model.safetensors, or the shards of its index), an index, or a single safetensors file.
   *
   * @throws ArgsearchError FILE_NOT_FOUND, also for a shard that the index names; INPUT_INVALID; MODEL_INVALID for a tensor
   * that lies in two shards, or not where the index says; as SafetensorsFile.open()
   */
  static async open(path: string): Promise<Checkpoint> {
    const files: SafetensorsFile[] = [];
    try {
      const { parts, index } = await partsOf(path);
      for (const part of parts) files.push(await SafetensorsFile.open(part));
      const checkpoint = new Checkpoint(path, files);
      if (index !== null) checkpoint.#requireAll(index);
      return checkpoint;
    } catch (error) {
      await Promise.all(files.map((file) => file.close()));
      throw error;
    }
  }

  get names(): string[] {
    return [...this.#tensors.keys()];
  }

  /** Undefined when there is no tensor of that name. */
  info(name: string): TensorInfo | undefined {
    return this.#tensors.get(name)?.info;
  }

  /** All numbers of a tensor. @throws ArgsearchError MODEL_INVALID when there is none of that name; as SafetensorsFile.floats() */
  floats(name: string): Promise<Float32Array> {
    const { file, info } = this.#tensor(name);
    return file.floats(info);
  }

  /** Numbers of a tensor in pieces, `count` of them from the `start`-th on. @throws as floats() */
  chunks(name: string, start?: number, count?: number): AsyncGenerator<Float32Array> {
    const { file, info } = this.#tensor(name);
    return file.chunks(info, start, count);
  }

  /** Name of the format of most numbers, for example "BF16". */
  get dtype(): string {
    const counts = new Map<string, number>();
    for (const { info } of this.#tensors.values()) counts.set(info.dtype, (counts.get(info.dtype) ?? 0) + info.count);
    const [most] = [...counts].sort((a, b) => b[1] - a[1]);
    return most?.[0] ?? "F32";
  }

  /** Reads everything once. @throws ArgsearchError MODEL_INVALID naming the first tensor with a number that is not finite; ABORTED */
  async requireFinite(signal?: AbortSignal): Promise<void> {
    for (const { file, info } of this.#tensors.values()) {
      if (!isFloatFormat(info.dtype)) continue;
      for (let start = 0; start < info.count; start += CHUNK) {
        if (signal?.aborted) throw new ArgsearchError("ABORTED", "reading the weights was ended early");
        const bytes = await file.bytes(info, start, Math.min(CHUNK, info.count - start));
        const at = firstNonFinite(info.dtype, bytes);
        if (at >= 0) throw notFinite(file.path, info.name, start + at);
      }
    }
  }

  /** The name of a tensor that is quantised, or belongs to one. */
  get quantised(): string | undefined {
    return [...this.#tensors].find(([name, { info }]) => isQuantisedFormat(info.dtype) || isOfQuantised(name))?.[0];
  }

  async close(): Promise<void> {
    await Promise.all(this.#files.map((file) => file.close()));
  }

  #tensor(name: string): { file: SafetensorsFile; info: TensorInfo } {
    const tensor = this.#tensors.get(name);
    if (tensor !== undefined) return tensor;
    throw new ArgsearchError("MODEL_INVALID", `${this.path} has no tensor ${name}`);
  }

  #requireAll(index: ReadonlyMap<string, string>): void {
    for (const [name, part] of index) {
      if (this.#tensors.get(name)?.file.path !== part)
        throw new ArgsearchError("MODEL_INVALID", `${part} lacks ${name}, which the index says is there`);
    }
  }
}

function notFinite(path: string, name: string, at: number): ArgsearchError {
  return new ArgsearchError("MODEL_INVALID", `${path}: ${name}[${at}] is not a finite number; the model is broken, often by its training`);
}

/** The files of a checkpoint, and which tensor the index, if there is one, says is in which. */
async function partsOf(path: string): Promise<{ parts: string[]; index: Map<string, string> | null }> {
  const stats = await stat(path).catch((error: unknown) => {
    throw unreadable(error, path);
  });
  if (!stats.isDirectory()) return path.endsWith(".json") ? indexed(path) : { parts: [path], index: null };
  if (existsSync(join(path, INDEX))) return indexed(join(path, INDEX));
  if (existsSync(join(path, SINGLE))) return { parts: [join(path, SINGLE)], index: null };
  throw noWeights(path);
}

async function indexed(path: string): Promise<{ parts: string[]; index: Map<string, string> }> {
  const { weight_map: map } = await readJsonObject(path);
  if (!isJsonObject(map)) throw new ArgsearchError("INPUT_INVALID", `${path} has no weight_map`);
  const index = new Map<string, string>();
  for (const [name, part] of Object.entries(map)) {
    // A name with a path in it could lead out of the directory.
    if (typeof part !== "string" || !/^[^/\\]+\.safetensors$/.test(part))
      throw new ArgsearchError("INPUT_INVALID", `${path}: no file for ${name}`);
    index.set(name, join(dirname(path), part));
  }
  const parts = [...new Set(index.values())].sort();
  const missing = parts.filter((part) => !existsSync(part));
  if (missing.length === 0) return { parts, index };
  const which = missing.map((part) => basename(part)).join(", ");
  throw new ArgsearchError("FILE_NOT_FOUND", `${missing.length} of ${parts.length} shards are missing in ${dirname(path)}: ${which}`);
}

function noWeights(dir: string): ArgsearchError {
  if (["pytorch_model.bin", "pytorch_model.bin.index.json"].some((name) => existsSync(join(dir, name)))) {
    const how = `save it anew, with AutoModelForSequenceClassification for a reward model, and copy the tokenizer's files: ${safetensorsLine(dir)}`;
    return new ArgsearchError("INPUT_INVALID", `${dir} holds its weights as pytorch_model.bin; safetensors are needed. In Python, ${how}`);
  }
  return new ArgsearchError("FILE_NOT_FOUND", `${dir} has no ${SINGLE} and no ${INDEX}`);
}
