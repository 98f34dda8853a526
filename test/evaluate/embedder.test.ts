import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { cosine, type Embedder, type EmbedderLoadOptions, loadEmbedder } from "../../src/evaluate/index.js";
import { EMBEDDED } from "../../src/index.js";

interface Reference {
  a: string;
  b: string;
  mean: number;
  cls: number;
}

const model = fileURLToPath(new URL("fixtures/tiny-bert.gguf", import.meta.url));
const reference = JSON.parse(readFileSync(new URL("fixtures/tiny-bert.json", import.meta.url), "utf8")) as Reference[];

async function open(options: Partial<EmbedderLoadOptions> = {}): Promise<Embedder> {
  const embedder = await loadEmbedder({ model, threads: 1, ...options });
  onTestFinished(() => embedder.dispose());
  return embedder;
}

describe("sentence embeddings", () => {
  it.each(["mean", "cls"] as const)("have the cosines of transformers on 100 pairs of texts: %s", async (pooling) => {
    // The file itself asks for the mean.
    const embedder = await open(pooling === "mean" ? {} : { pooling });
    const vectors = await embedder.embed(reference.flatMap(({ a, b }) => [a, b]));
    expect(reference).toHaveLength(100);
    reference.forEach((expected, index) => {
      const found = cosine(vectors[2 * index] ?? [], vectors[2 * index + 1] ?? []);
      expect(Math.abs(found - expected[pooling]), expected.a).toBeLessThan(1e-3);
    });
  });

  it("have length 1 and do not depend on their neighbours", async () => {
    const embedder = await open();
    const texts = reference.slice(0, 40).map(({ a }) => a);
    const together = await embedder.embed(texts);
    for (const [index, vector] of together.entries()) {
      expect(vector.reduce((sum, value) => sum + value * value, 0)).toBeCloseTo(1, 5);
      const [alone] = await embedder.embed([texts[index] ?? ""]);
      expect(cosine(vector, alone ?? [])).toBeGreaterThan(1 - 1e-5);
    }
  });

  it("cut what is too long as transformers does", async () => {
    const embedder = await open();
    const long = "a b c d ".repeat(200);
    const [whole, cut] = await embedder.embed([long, `${long} e f g`]);
    expect(embedder.info.contextSize).toBe(128);
    expect(whole).toEqual(cut);
  });

  it("of nothing are nothing; an empty text is its special tokens", async () => {
    const embedder = await open();
    expect(await embedder.embed([])).toEqual([]);
    expect(await embedder.embed([""])).toHaveLength(1);
  });
});

describe("loading an embedding model", () => {
  it("refuses a file that does not say how to pool, and takes it with pooling said", async () => {
    const policy = { model: EMBEDDED.policy, threads: 1 };
    await expect(loadEmbedder(policy)).rejects.toMatchObject({ code: "MODEL_UNSUPPORTED", message: expect.stringContaining("pooling") });
    const embedder = await open({ ...policy, pooling: "mean" });
    const [a, b] = await embedder.embed(["How do I bake bread?", "How do I bake bread?"]);
    expect(cosine(a ?? [], b ?? [])).toBeCloseTo(1, 4);
  });

  it("refuses what is not there and what it does not know", async () => {
    await expect(loadEmbedder({ model: "/nowhere.gguf" })).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
    await expect(loadEmbedder({ model, pooling: "max" as never })).rejects.toMatchObject({ code: "OPTION_INVALID" });
    await expect(loadEmbedder({ model: "" })).rejects.toMatchObject({ code: "OPTION_INVALID" });
  });

  it("ends with dispose(), twice as well", async () => {
    const embedder = await loadEmbedder({ model, threads: 1 });
    const running = embedder.embed(reference.map(({ a }) => a));
    await embedder.dispose();
    expect(await running).toHaveLength(100);
    await embedder.dispose();
    expect(embedder.disposed).toBe(true);
    await expect(embedder.embed(["a"])).rejects.toMatchObject({ code: "DISPOSED" });
  });

  it("ends a call by its signal", async () => {
    const embedder = await open();
    await expect(embedder.embed(["a"], AbortSignal.abort())).rejects.toMatchObject({ code: "ABORTED" });
    expect(await embedder.embed(["a"])).toHaveLength(1);
  });
});
