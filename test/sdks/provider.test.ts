/** The AI SDK's provider without the SDK: when models are loaded, whose they are, and what a stream does to its slot. */
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { createArgsearch, type LanguageModelStreamPart } from "../../src/ai-sdk/index.js";
import { ArgsearchError, type Decoder, EMBEDDED, load, loadReward } from "../../src/index.js";

const CPU = { gpu: false, threads: 1 } as const;
const prompt = [{ role: "user", content: [{ type: "text", text: "Can you help me set up a light show?" }] }] as const;
const ENDLESS = { prompt, providerOptions: { argsearch: { ending: "never", topK: 2 } } };

describe("models", () => {
  it("are loaded by the first call, once for all who wait", async () => {
    const seen: number[] = [];
    const provider = createArgsearch({ ...CPU, slots: 2, onProgress: (progress) => void seen.push(progress) });
    const model = provider.languageModel();
    expect([model.modelId, model.provider, model.specificationVersion]).toEqual(["policy", "argsearch", "v4"]);
    expect(seen).toEqual([]);
    const results = await Promise.all([1, 2].map(() => model.doGenerate({ prompt, maxOutputTokens: 3 })));
    expect(results.map(({ usage }) => usage.outputTokens.total)).toEqual([3, 3]);
    expect(seen.filter((progress) => progress === 1)).toHaveLength(1);
    await provider.dispose();
  });

  it("that cannot be loaded are tried again by the next call", async () => {
    const folder = await mkdtemp(join(tmpdir(), "argsearch-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const policy = join(folder, "mine.gguf");
    const provider = createArgsearch({ ...CPU, policy });
    await expect(provider.load()).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
    await copyFile(EMBEDDED.policy, policy);
    await provider.load();
    expect(provider().modelId).toBe("mine");
    await provider.dispose();
  });

  it("that an aborted call waits for are loaded for others all the same", async () => {
    const provider = createArgsearch(CPU);
    const signal = AbortSignal.abort(new Error("enough"));
    const loading = new AbortController();
    const aborted = provider().doGenerate({ prompt, abortSignal: loading.signal });
    loading.abort(new Error("too slow"));
    await expect(provider().doGenerate({ prompt, abortSignal: signal })).rejects.toThrow("enough");
    await expect(aborted).rejects.toThrow("too slow");
    expect((await provider().doGenerate({ prompt, maxOutputTokens: 2 })).finishReason).toEqual({ unified: "length", raw: "length" });
    await provider.dispose();
  });

  it("end with the provider, but not those that it was given", async () => {
    const provider = createArgsearch(CPU);
    await provider.load();
    await provider.dispose();
    await expect(provider().doGenerate({ prompt })).rejects.toMatchObject({ code: "DISPOSED" });
    await expect(provider.rerankingModel().doRerank({ query: "a", documents: { type: "text", values: [] } })).rejects.toMatchObject({
      code: "DISPOSED",
    });
    const decoder = await load(CPU);
    await using given = createArgsearch(decoder);
    await given.dispose();
    expect(decoder.disposed).toBe(false);
    await decoder.dispose();
  });

  it("are rewards alone where a RewardModel is given", async () => {
    const judge = await loadReward(CPU);
    const provider = createArgsearch(judge);
    const documents = { type: "text", values: ["one", "two"] } as const;
    const { ranking } = await provider.rerankingModel().doRerank({ query: "a", documents });
    const scores = await judge.score([
      { prompt: "a", response: "one" },
      { prompt: "a", response: "two" },
    ]);
    expect([...ranking].sort((a, b) => a.index - b.index).map(({ relevanceScore }) => relevanceScore)).toEqual(
      scores.map(({ reward }) => reward),
    );
    expect(provider.rerankingModel().modelId).toBe("reward");
    await expect(provider().doGenerate({ prompt })).rejects.toMatchObject({ code: "OPTION_INVALID", option: "policy" });
    await expect(provider.rerankingModel().doRerank({ query: "a", documents, topN: 0 })).rejects.toMatchObject({ option: "topN" });
    await judge.dispose();
  });

  it("are refused at once where the options are wrong, and where there are none of a kind", () => {
    expect(() => createArgsearch({ slot: 3 } as never)).toThrow(expect.objectContaining({ code: "OPTION_INVALID", option: "slot" }));
    const provider = createArgsearch(CPU);
    for (const call of [() => provider.embeddingModel("a"), () => provider.imageModel("a")]) expect(call).toThrow(ArgsearchError);
  });
});

describe("a stream", () => {
  let decoder: Decoder;
  beforeAll(async () => {
    decoder = await load({ ...CPU, queue: false });
  });
  afterAll(() => decoder.dispose());

  it("has one block of text between its start and its end", async () => {
    const call = { prompt, maxOutputTokens: 5 };
    const { stream } = await createArgsearch(decoder)("me").doStream(call);
    const parts: LanguageModelStreamPart[] = [];
    for await (const part of stream) parts.push(part);
    const types = parts.map(({ type }) => type);
    expect(types.join(" ")).toMatch(/^stream-start response-metadata text-start( text-delta)+ text-end finish$/);
    expect(parts[1]).toMatchObject({ modelId: "me", timestamp: expect.any(Date) });
    const whole = await createArgsearch(decoder)("me").doGenerate(call);
    expect(parts.map((part) => (part.type === "text-delta" ? part.delta : "")).join("")).toBe(whole.content[0]?.text);
  });

  it("that is cancelled gives its slot back", async () => {
    const { stream } = await createArgsearch(decoder)().doStream(ENDLESS);
    const reader = stream.getReader();
    for (let part = 0; part < 5; part++) await reader.read();
    await reader.cancel();
    expect((await decoder.generate("a", { maxTokens: 1 })).finishReason).toBe("length");
  });

  it("that is aborted fails with what it was aborted with, and gives its slot back", async () => {
    const abort = new AbortController();
    const { stream } = await createArgsearch(decoder)().doStream({ ...ENDLESS, abortSignal: abort.signal });
    const reader = stream.getReader();
    for (let part = 0; part < 5; part++) await reader.read();
    abort.abort(new Error("enough"));
    const rest = async () => {
      while (!(await reader.read()).done);
    };
    await expect(rest()).rejects.toThrow("enough");
    expect((await decoder.generate("a", { maxTokens: 1 })).finishReason).toBe("length");
  });

  it("that cannot begin is none", async () => {
    const held = decoder.stream("a", { ending: "never" });
    await held.next();
    await expect(createArgsearch(decoder)().doStream({ prompt })).rejects.toMatchObject({ code: "BUSY" });
    await held.return(undefined as never);
    await expect(createArgsearch(decoder)().doStream({ prompt: [] })).rejects.toMatchObject({ code: "PROMPT_EMPTY" });
  });
});
