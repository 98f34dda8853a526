import { mkdtempSync, readFileSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Checkpoint } from "../../src/checkpoint/checkpoint.js";
import { writeJson } from "../helpers/json-writer.js";
import { encodeSafetensors, type SafeTensor, type SafeTensors, writeSafetensors, writeShards } from "../helpers/safetensors-writer.js";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "argsearch-checkpoint-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

const TENSORS: SafeTensors = {
  a: { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
  b: { shape: [2], data: Uint16Array.of(0x3f80, 0x4000) },
  c: { shape: [1], data: Float64Array.of(0.5) },
  ids: { shape: [2], data: Int32Array.of(7, 8) },
  nothing: { shape: [0, 3], data: new Float32Array() },
};

async function read(path: string): Promise<Checkpoint> {
  const checkpoint = await Checkpoint.open(path);
  await checkpoint.close();
  return checkpoint;
}

describe("Checkpoint", () => {
  it.each([1, 2, 3])("reads tensors of every format out of %i files", async (shards) => {
    if (shards === 1) writeSafetensors(join(dir, "model.safetensors"), TENSORS);
    else writeShards(dir, TENSORS, shards);
    const checkpoint = await Checkpoint.open(dir);
    expect(checkpoint.names.sort()).toEqual(["a", "b", "c", "ids", "nothing"]);
    expect(checkpoint.info("a")).toMatchObject({ shape: [2, 3], dtype: "F32", count: 6 });
    expect(await checkpoint.floats("a")).toEqual(Float32Array.of(1, 2, 3, 4, 5, 6));
    expect(await checkpoint.floats("b")).toEqual(Float32Array.of(1, 2));
    expect(await checkpoint.floats("c")).toEqual(Float32Array.of(0.5));
    expect(await checkpoint.floats("nothing")).toEqual(new Float32Array());
    const parts: number[] = [];
    for await (const chunk of checkpoint.chunks("a", 2)) parts.push(...chunk);
    expect(parts).toEqual([3, 4, 5, 6]);
    await expect(checkpoint.floats("ids")).rejects.toMatchObject({ code: "MODEL_INVALID", message: expect.stringContaining("I32") });
    await expect(checkpoint.requireFinite()).resolves.toBeUndefined();
    await checkpoint.close();
  });

  it("streams a tensor that is larger than one piece", async () => {
    const data = Float32Array.from({ length: 2.5 * 2 ** 20 }, (_, at) => at);
    writeSafetensors(join(dir, "model.safetensors"), { big: { shape: [data.length], data } });
    const checkpoint = await Checkpoint.open(dir);
    let count = 1;
    for await (const chunk of checkpoint.chunks("big", 1)) {
      expect(chunk.length).toBeLessThanOrEqual(2 ** 20);
      expect(chunk[0]).toBe(count);
      count += chunk.length;
    }
    expect(count).toBe(data.length);
    await checkpoint.close();
  });

  it("names the tensor that is not finite", async () => {
    writeSafetensors(join(dir, "model.safetensors"), { ...TENSORS, w: { shape: [3], data: Float32Array.of(0, Number.NaN, 1) } });
    const checkpoint = await Checkpoint.open(dir);
    await expect(checkpoint.requireFinite()).rejects.toMatchObject({ code: "MODEL_INVALID", message: expect.stringContaining("w[1]") });
    await checkpoint.close();
  });

  it("names missing shards, and tensors missing in a shard", async () => {
    writeShards(dir, TENSORS, 3);
    const shard = join(dir, "model-00002-of-00003.safetensors");
    writeSafetensors(shard, {});
    await expect(read(dir)).rejects.toMatchObject({ code: "MODEL_INVALID", message: expect.stringContaining("lacks b") });
    unlinkSync(shard);
    await expect(read(dir)).rejects.toMatchObject({
      code: "FILE_NOT_FOUND",
      message: expect.stringMatching(/1 of 3 shards .*model-00002-of-00003/),
    });
  });

  it("refuses a tensor that lies in two shards, or in another than the index says", async () => {
    writeShards(dir, TENSORS, 3);
    const [first, second] = [1, 2].map((at) => join(dir, `model-0000${at}-of-00003.safetensors`)) as [string, string];
    const { a, b } = TENSORS as Record<"a" | "b", SafeTensor>;
    writeSafetensors(second, { b, a });
    await expect(read(dir)).rejects.toMatchObject({
      code: "MODEL_INVALID",
      message: expect.stringMatching(/a lies in .*00001.* and in .*00002/),
    });
    writeSafetensors(first, { ids: TENSORS.ids as SafeTensor, b });
    writeSafetensors(second, { a });
    await expect(read(dir)).rejects.toMatchObject({ code: "MODEL_INVALID", message: expect.stringMatching(/00001.* lacks a/) });
  });

  it.each(["../secret.safetensors", "/secret.safetensors", "a\\secret.safetensors", "..", ".", "", "config.json", 5])(
    "refuses an index that leads out of the directory, or to no safetensors: %s",
    async (part) => {
      writeJson(join(dir, "model.safetensors.index.json"), { weight_map: { a: part } });
      await expect(read(dir)).rejects.toMatchObject({ code: "INPUT_INVALID" });
    },
  );

  it("takes formats of quantised weights for what they are", async () => {
    const formats = ["F8_E4M3", "F8_E5M2", "F8_E8M0", "I8", "U8"];
    const tensors = formats.map((dtype) => [dtype, { shape: [2], data: Uint8Array.of(1, 2), dtype }] as const);
    const half = { shape: [4], data: Uint8Array.of(1, 2), dtype: "F4" };
    writeSafetensors(join(dir, "model.safetensors"), { ...Object.fromEntries(tensors), F4: half });
    const checkpoint = await Checkpoint.open(dir);
    for (const name of checkpoint.names) {
      await expect(checkpoint.floats(name)).rejects.toMatchObject({ code: "MODEL_UNSUPPORTED", message: expect.stringContaining(name) });
    }
    await checkpoint.close();
  });

  it("says how pytorch_model.bin becomes safetensors", async () => {
    await expect(read(dir)).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
    writeFileSync(join(dir, "pytorch_model.bin"), "");
    await expect(read(dir)).rejects.toMatchObject({ code: "INPUT_INVALID", message: expect.stringContaining("save_pretrained") });
    await expect(read(join(dir, "none"))).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
  });

  it("is a clear error for a file cut anywhere, and never reads beyond it", async () => {
    const whole = encodeSafetensors(TENSORS);
    const path = join(dir, "cut.safetensors");
    for (let length = 0; length < whole.length; length += 3) {
      writeFileSync(path, whole.subarray(0, length));
      await expect(read(path)).rejects.toMatchObject({ code: "MODEL_INVALID" });
    }
  });

  it.each([
    ["no JSON", "{{{"],
    ["an array", "[]"],
    ["a length that is not the shape's", '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}'],
    ["offsets that run backwards", '{"a":{"dtype":"F32","shape":[0],"data_offsets":[4,0]}}'],
    ["a negative shape", '{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}'],
    ["no offsets", '{"a":{"dtype":"F32","shape":[1]}}'],
    ["three offsets", '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,8]}}'],
    ["a length that is not that of bytes", '{"a":{"dtype":"F8_E4M3","shape":[3],"data_offsets":[0,8]}}'],
    ["a name twice", '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'],
    [
      "a name twice, once escaped",
      '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"\\u0061":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}',
    ],
    ["a hole", '{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}'],
    ["an overlap", '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'],
    ["bytes that are nobody's", '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'],
    ["metadata that are numbers", '{"__metadata__":{"a":1},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'],
    ["metadata that are a list", '{"__metadata__":[],"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'],
  ])("refuses a header with %s", async (_, header) => {
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    const path = join(dir, "odd.safetensors");
    writeFileSync(path, Buffer.concat([length, Buffer.from(header), Buffer.alloc(8)]));
    await expect(read(path)).rejects.toMatchObject({ code: "MODEL_INVALID" });
    expect(readFileSync(path).length).toBe(16 + header.length);
  });
});
