import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type GgufContent, writeGguf } from "../../src/gguf/writer.js";
import { encodeGguf } from "../helpers/gguf-writer.js";

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "argsearch-gguf-"));
  path = join(dir, "out.gguf");
});
afterEach(() => rmSync(dir, { recursive: true }));

async function* pieces(...chunks: number[][]): AsyncGenerator<Float32Array> {
  for (const chunk of chunks) yield Float32Array.from(chunk);
}

const METADATA = {
  "general.architecture": { type: "string", value: "gpt2" },
  "a.number": { type: "u32", value: 7 },
  "a.float": { type: "f32", value: 0.5 },
  "a.flag": { type: "bool", value: true },
  "some.ids": { type: "i32[]", value: [1, -2, 3] },
  "some.texts": { type: "string[]", value: ["a", "", "ü"] },
} as const;

describe("writeGguf()", () => {
  it("writes the bytes that a writer in memory makes", async () => {
    const shapes = [[3, 2], [1], [9]];
    const values = shapes.map(([row = 1, rows = 1]) => Array.from({ length: row * rows }, (_, at) => at / 4));
    const tensors = shapes.map((shape, at) => ({ name: `t${at}`, shape, values: values[at] ?? [] }));
    await writeGguf(path, {
      metadata: METADATA,
      tensors: tensors.map(({ name, shape, values }) => ({
        name,
        shape,
        type: "f32",
        chunks: () => pieces(values.slice(0, 1), values.slice(1)),
      })),
    });
    const expected = encodeGguf({
      metadata: METADATA,
      tensors: tensors.map(({ name, shape, values }) => ({ name, shape, data: Float32Array.from(values) })),
    });
    expect(readFileSync(path).equals(expected)).toBe(true);
  });

  const one = (value: number, type: "f32" | "f16"): GgufContent => ({
    metadata: METADATA,
    tensors: [{ name: "w", shape: [1], type, chunks: () => pieces([value]) }],
  });

  it("refuses numbers that the format does not hold", async () => {
    await expect(writeGguf(path, one(Number.NaN, "f32"))).rejects.toMatchObject({ code: "MODEL_INVALID" });
    await expect(writeGguf(path, one(70000, "f16"))).rejects.toMatchObject({
      code: "MODEL_INVALID",
      message: expect.stringContaining("F16"),
    });
    await writeGguf(path, one(65504, "f16"));
    expect(readFileSync(path).readUInt16LE(readFileSync(path).length - 32)).toBe(0x7bff);
  });

  it("stops at its signal, in the middle of a tensor", async () => {
    const controller = new AbortController();
    let pulled = 0;
    async function* endless(): AsyncGenerator<Float32Array> {
      for (; pulled < 100; pulled++) {
        if (pulled === 3) controller.abort();
        yield Float32Array.of(pulled);
      }
    }
    const content: GgufContent = { metadata: METADATA, tensors: [{ name: "w", shape: [100], type: "f32", chunks: endless }] };
    await expect(writeGguf(path, content, controller.signal)).rejects.toMatchObject({ code: "ABORTED" });
    expect(pulled).toBe(3);
  });

  it.skipIf(process.platform !== "linux")("is FILE_UNWRITABLE on a full disk", async () => {
    await expect(writeGguf("/dev/full", one(1, "f32"))).rejects.toMatchObject({ code: "FILE_UNWRITABLE" });
    await expect(writeGguf(join(dir, "no", "out"), one(1, "f32"))).rejects.toMatchObject({ code: "FILE_UNWRITABLE" });
  });
});
