import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { load } from "../../src/decode/load.js";
import { AS_IN_THE_PAPER } from "../../src/decode/method-defaults.js";
import { type EvaluateOptions, evaluate, type Metric } from "../../src/evaluate/index.js";
import { EMBEDDED, type GenerateOptions } from "../../src/index.js";
import { lines, PROMPTS, SMALL, scratch } from "./small.js";

const TUNED = fileURLToPath(new URL("../../models/policy-plans.gguf", import.meta.url));

describe("evaluate", () => {
  it("answers every prompt by every method, and keeps what others can build on", async () => {
    const out = await scratch();
    const results = await evaluate({ ...SMALL, out });
    const written = await lines(out);
    expect(written.map(({ method, index }) => `${method} ${index}`)).toEqual(
      ["greedy", "top-p", "args-greedy"].flatMap((method) => [0, 1, 2].map((index) => `${method} ${index}`)),
    );
    expect(JSON.parse(await readFile(join(out, "results.json"), "utf8"))).toEqual(results);
    expect(Object.keys(results.methods)).toEqual(["greedy", "top-p", "args-greedy"]);
    expect(results.methods.greedy).toMatchObject({ callsPerToken: { mean: 1 }, reward: { count: 3 } });
    expect(results.methods["args-greedy"]).toMatchObject({ callsPerToken: { mean: 11 } });
    expect(results.methods.greedy).not.toHaveProperty("coherence");
    expect(results.comparisons.filter(({ metric }) => metric === "reward").map(({ a, b }) => `${a} ${b}`)).toEqual([
      "top-p greedy",
      "args-greedy greedy",
      "args-greedy top-p",
    ]);
    expect(results.settings.models.policy?.policy.sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each([
    ["a contrast with the policy", { reward: TUNED, base: EMBEDDED.policy }, 2],
    ["the tuned model alone", { reward: TUNED, kind: "autoregressive" } as const, 2],
    ["both, and a head", [{ reward: TUNED, base: EMBEDDED.policy }, { reward: TUNED, kind: "values" } as const, EMBEDDED.reward], 13],
  ])("counts what rewards of tokens read: %s", async (_, reward, mean) => {
    const { methods } = await evaluate({ ...SMALL, reward, methods: ["args-greedy"] });
    expect(methods["args-greedy"]).toMatchObject({ callsPerToken: { mean } });
  });

  it("decodes and rates as the library does", async () => {
    const { methods } = await evaluate({ ...SMALL, methods: ["args-greedy"], slots: 1 });
    const decoder = await load({ threads: 1 });
    onTestFinished(() => decoder.dispose());
    const results = await decoder.generateAll(PROMPTS, { maxTokens: 8 });
    const scores = await decoder.score(results.map(({ text }, index) => ({ prompt: PROMPTS[index] ?? "", response: text })));
    const mean = scores.reduce((sum, { reward }) => sum + reward, 0) / scores.length;
    expect(methods["args-greedy"]?.reward?.mean).toBeCloseTo(mean, 3);
  });

  it("decodes with a method's samplers, those that it does not name off, and knows the policy's own perplexity", async () => {
    const dry = { dryMultiplier: 0.8, dryAllowedLength: 0 };
    const methods = ["greedy", { name: "dry", method: "greedy", ...dry }] as const;
    const found = await evaluate({ ...SMALL, methods, slots: 1, maxTokens: 24 });
    const decoder = await load({ threads: 1 });
    onTestFinished(() => decoder.dispose());
    const plain = await decoder.generateAll(PROMPTS, { method: "greedy", maxTokens: 24, dryMultiplier: 0 });
    const drier = await decoder.generateAll(PROMPTS, { method: "greedy", maxTokens: 24, ...dry });
    expect(drier.map(({ text }) => text)).not.toEqual(plain.map(({ text }) => text));
    const perplexities = (results: typeof plain): number[] =>
      results.map(({ policyLogProbs }) => Math.exp(-policyLogProbs.reduce((sum, value) => sum + value / policyLogProbs.length, 0)));
    const mean = (values: number[]): number => values.reduce((sum, value) => sum + value / values.length, 0);
    expect(found.methods.greedy?.perplexity?.mean).toBeCloseTo(mean(perplexities(plain)), 3);
    expect(found.methods.dry?.perplexity?.mean).toBeCloseTo(mean(perplexities(drier)), 3);
  });

  it("takes what a guided method does not name as in the paper, not as generate() has it", async () => {
    const out = await scratch();
    // Without weight the pair asks the same question again and again.
    const [weight, maxTokens] = [0, 40];
    await evaluate({ ...SMALL, methods: [{ name: "args-greedy", weight }], slots: 1, maxTokens, out });
    const found = (await lines(out)).map(({ response }) => response);
    const decoder = await load({ threads: 1 });
    onTestFinished(() => decoder.dispose());
    const texts = async (options: GenerateOptions): Promise<string[]> => {
      return (await decoder.generateAll(PROMPTS, { weight, maxTokens, ...options })).map(({ text }) => text);
    };
    expect(found).toEqual(await texts(AS_IN_THE_PAPER));
    expect(found).not.toEqual(await texts({}));
    expect(await texts({ dryMultiplier: 0.8, ending: "policy" })).toEqual(await texts({}));
  });

  it("takes best of n by reward, and counts what that took", async () => {
    const methods = [
      { name: "best-of-n", drafts: 3 } as const,
      { name: "one", method: "sample", topK: 0, topP: 0.95, temperature: 0.7 } as const,
    ];
    const { methods: found } = await evaluate({ ...SMALL, methods });
    expect(found["best-of-n"]?.reward?.mean).toBeGreaterThanOrEqual(found.one?.reward?.mean ?? Number.NaN);
    expect(found["best-of-n"]?.callsPerToken?.mean).toBeCloseTo(6, 0);
  });

  it("takes a metric and prompts of one's own", async () => {
    const questions: Metric = {
      name: "questions",
      measure: (responses) => responses.map(({ response }) => response.split("?").length - 1),
    };
    const nothing: Metric = { name: "nothing", measure: (responses) => responses.map(() => null) };
    const { methods } = await evaluate({ ...SMALL, methods: ["greedy"], metrics: [questions, nothing] });
    expect(methods.greedy?.questions?.count).toBe(3);
    expect(methods.greedy).not.toHaveProperty("nothing");
    for (const measure of [() => [1], () => undefined as never]) {
      const wrong = evaluate({ ...SMALL, methods: ["greedy"], metrics: [{ name: "mine", measure }] });
      await expect(wrong).rejects.toMatchObject({ code: "OPTION_INVALID", message: expect.stringContaining("mine") });
    }
    await expect(evaluate({ ...SMALL, metrics: [{ ...questions, name: "reward" }] })).rejects.toMatchObject({ code: "OPTION_INVALID" });
  });

  it("leaves the recorded answer of a conversation aside", async () => {
    const user = { role: "user", content: "How do I bake bread?" };
    const recorded = { role: "assistant", content: "With flour." };
    const out = await scratch();
    const before = [recorded, user];
    await evaluate({ ...SMALL, data: [[user], [user, recorded], [...before, recorded, recorded]], methods: ["greedy"], slots: 1, out });
    const [plain, answered, long] = await lines(out);
    expect(answered).toMatchObject({ prompt: [user], response: plain?.response });
    expect(long?.prompt).toEqual(before);
    const nothing = evaluate({ ...SMALL, data: ["Hello?", [recorded]], methods: ["greedy"] });
    await expect(nothing).rejects.toMatchObject({ code: "INPUT_INVALID", message: expect.stringContaining("data[1]") });
  });

  it("leaves out bad lines with their numbers, and prompts that are too long", async () => {
    const out = await scratch();
    const data = `${out}.jsonl`;
    await writeFile(data, `{"prompt":"Hello there"}\n\nnot json\n{"prompt":""}\n{"prompt":"${"long ".repeat(900)}"}\n{"prompt":"Bye"}\n`);
    const seen: number[] = [];
    const results = await evaluate({ ...SMALL, methods: ["greedy"], data, onBadLine: ({ number }) => seen.push(number) });
    expect(seen).toEqual([2, 3, 4]);
    expect(results.badLines.map(({ line }) => line)).toEqual([2, 3, 4]);
    expect(results.failures).toEqual([expect.objectContaining({ index: 1, code: "PROMPT_TOO_LONG" })]);
    expect(results.methods.greedy?.reward?.count).toBe(2);
  });

  it.each<[string, Partial<EvaluateOptions>, string]>([
    ["no data file", { data: "/nowhere.jsonl" }, "FILE_NOT_FOUND"],
    ["no prompts", { data: [] }, "INPUT_INVALID"],
    ["data that are neither", { data: new Set(["a"]) as never }, "OPTION_INVALID"],
    ["an unknown option", { weigth: 1 } as never, "OPTION_INVALID"],
    ["no policy", { policy: "/nowhere.gguf", methods: ["greedy"] }, "FILE_NOT_FOUND"],
    ["an embedding model that is none", { embedding: EMBEDDED.policy }, "MODEL_UNSUPPORTED"],
    ["a judge without a model", { judge: { url: "http://localhost/v1", model: "" } }, "OPTION_INVALID"],
    ["a judge of unknown methods", { judge: { url: "http://localhost/v1", model: "m", pairs: [["a", "b"]] } }, "OPTION_INVALID"],
  ])("refuses %s", async (_what, change, code) => {
    await expect(evaluate({ ...SMALL, ...change })).rejects.toMatchObject({ code });
  });

  it("keeps everything when the judge cannot be reached, and adds it later", async () => {
    const out = await scratch();
    const gone = { url: "http://127.0.0.1:9/v1", model: "m", retries: 0 };
    const { judge, methods } = await evaluate({ ...SMALL, out, judge: gone });
    expect(judge).toEqual([
      expect.objectContaining({ method: "args-greedy", baseline: "greedy", winTie: null, stopped: expect.any(String) }),
    ]);
    expect(methods.greedy?.reward?.count).toBe(3);
    expect((await evaluate({ ...SMALL, out })).judge).toEqual(judge);
  });
});
