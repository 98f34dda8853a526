import { beforeEach, describe, expect, it, vi } from "vitest";
import type { GgufEntry } from "../../src/engine/binding.js";
import { type GgufSummary, inspect } from "../../src/gguf/inspect.js";
import { type Fake, resetFake } from "../helpers/fake-binding.js";

vi.mock("../../src/engine/binding.js", () => import("../helpers/fake-binding.js"));

let fake: Fake;
beforeEach(() => {
  fake = resetFake();
});

const engine = { engineDir: "/fake" };

async function summary(entries: Record<string, GgufEntry["value"]>, count: Record<string, number> = {}): Promise<GgufSummary> {
  fake.gguf = {
    version: 3,
    files: ["model.gguf"],
    size: 5,
    tensorCount: 2,
    parameters: 110,
    tensors: [],
    tensorTypes: [
      { type: "f32", tensors: 1, parameters: 10, bytes: 40 },
      { type: "q8_0", tensors: 1, parameters: 100, bytes: 106 },
    ],
    entries: Object.entries(entries).map(([key, value]) => ({ key, type: "", value, count: count[key] ?? 1 })),
  };
  return inspect("model.gguf", engine);
}

const llama = { "general.architecture": "llama", "llama.embedding_length": 2 };
const head = "argsearch.reward.head.weight";

describe("inspect()", () => {
  it("reads what a model says about itself", async () => {
    const found = await summary(
      {
        ...llama,
        "general.name": "Small",
        "general.file_type": 15,
        "llama.context_length": 2048,
        "llama.block_count": 4,
        "tokenizer.ggml.tokens": ["a", "b"],
        "tokenizer.chat_template": "{{ x }}",
      },
      { "tokenizer.ggml.tokens": 300 },
    );
    expect(found).toMatchObject({
      size: 5,
      version: 3,
      architecture: "llama",
      name: "Small",
      parameters: 110,
      quantization: "Q4_K_M",
      contextLength: 2048,
      embeddingLength: 2,
      layers: 4,
      vocabulary: 300,
      chatTemplate: "{{ x }}",
      rewardHead: null,
    });
    expect(Object.keys(found.metadata)).not.toContain("tokenizer.ggml.tokens");
    expect(found.metadata["general.file_type"]).toBe(15);
  });

  it("is content with a file that says nothing", async () => {
    expect(await summary({})).toMatchObject({
      architecture: null,
      name: null,
      quantization: "Q8_0",
      vocabulary: null,
      contextLength: null,
    });
  });

  it("shows a head, with what the file tells about it", async () => {
    const one = await summary({ ...llama, [head]: Float64Array.of(1, 2), "argsearch.reward.source": "hh" }, { [head]: 2 });
    expect(one.rewardHead).toEqual({ labels: ["reward"], nEmbd: 2, bias: [0], scale: [1], shift: [0], notes: { source: "hh" } });
    const several = await summary(
      {
        ...llama,
        [head]: null,
        "argsearch.reward.head.bias": Float64Array.of(1, 2),
        "argsearch.reward.labels": ["helpful", "safe"],
        "argsearch.reward.scale": 2,
        "argsearch.reward.shift": -1,
      },
      { [head]: 4 },
    );
    expect(several.rewardHead).toEqual({ labels: ["helpful", "safe"], nEmbd: 2, bias: [1, 2], scale: [2], shift: [-1], notes: {} });
    const unnamed = await summary({ ...llama, [head]: null, "argsearch.reward.head.bias": 0.5 }, { [head]: 6 });
    expect(unnamed.rewardHead).toMatchObject({ labels: ["0", "1", "2"], bias: [0.5] });
    const torn = await summary({ ...llama, [head]: null }, { [head]: 3 });
    expect(torn.rewardHead).toMatchObject({ nEmbd: null });
  });

  it.each([0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])("does not divide a head by an embedding length of %s", async (length) => {
    const { rewardHead } = await summary({ ...llama, "llama.embedding_length": length, [head]: null }, { [head]: 3 });
    expect(rewardHead).toMatchObject({ labels: ["reward"], nEmbd: null });
  });

  it("makes up no more names than anyone reads", async () => {
    const { rewardHead } = await summary({ ...llama, "llama.embedding_length": 1, [head]: null }, { [head]: 2 ** 40 });
    expect(rewardHead?.labels).toHaveLength(1000);
    expect(rewardHead?.nEmbd).toBe(1);
  });
});
