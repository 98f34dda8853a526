/** Writes safetensors files: https://github.com/huggingface/safetensors#format */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeJson } from "./json-writer.js";

export interface SafeTensor {
  /** Slowest dimension first. */
  shape: readonly number[];
  data: Float32Array | Float64Array | Uint16Array | Int32Array | Uint8Array;
  /** Default: by the array's class, 16-bit words as BF16. */
  dtype?: string;
}

export type SafeTensors = Readonly<Record<string, SafeTensor>>;

export function encodeSafetensors(tensors: SafeTensors): Buffer {
  const header: Record<string, unknown> = { __metadata__: { format: "pt" } };
  let end = 0;
  for (const [name, { shape, data, dtype }] of Object.entries(tensors)) {
    header[name] = { dtype: dtype ?? dtypeOf(data), shape, data_offsets: [end, end + data.byteLength] };
    end += data.byteLength;
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const parts = Object.values(tensors).map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  return Buffer.concat([length, text, ...parts]);
}

export function writeSafetensors(path: string, tensors: SafeTensors): void {
  writeFileSync(path, encodeSafetensors(tensors));
}

/** The tensors dealt out to `shards` files, with their index. */
export function writeShards(dir: string, tensors: SafeTensors, shards: number): void {
  const weightMap: Record<string, string> = {};
  for (let shard = 0; shard < shards; shard++) {
    const file = `model-0000${shard + 1}-of-0000${shards}.safetensors`;
    const part = Object.entries(tensors).filter((_, at) => at % shards === shard);
    for (const [name] of part) weightMap[name] = file;
    writeSafetensors(join(dir, file), Object.fromEntries(part));
  }
  writeJson(join(dir, "model.safetensors.index.json"), { weight_map: weightMap });
}

function dtypeOf(data: SafeTensor["data"]): string {
  if (data instanceof Float32Array) return "F32";
  if (data instanceof Float64Array) return "F64";
  if (data instanceof Uint8Array) return "U8";
  return data instanceof Uint16Array ? "BF16" : "I32";
}
