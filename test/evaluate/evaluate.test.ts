import { appendFile, copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { load } from "../../src/decode/load.js";
import { type EvaluatedResponse, type EvaluateOptions, type EvaluationResults, evaluate, type Metric } from "../../src/evaluate/index.js";
import { EMBEDDED, type RewardFunction } from "../../src/index.js";

const PROMPTS = ["Can you help me set up a light show?", "How do I bake bread?", "Help me plan a city trip."];
const SMALL: EvaluateOptions = { data: PROMPTS, methods: ["greedy", "top-p", "args-greedy"], maxTokens: 8, slots: 2, threads: 1 };

async function scratch(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "argsearch-eval-"));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return join(dir, "out");
}

async function lines(dir: string): Promise<EvaluatedResponse[]> {
  const content = await readFile(join(dir, "responses.jsonl"), "utf8");
  return content
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as EvaluatedResponse);
}

function untimed(responses: readonly EvaluatedResponse[]): Omit<EvaluatedResponse, "milliseconds">[] {
  return responses.map(({ milliseconds: _, ...rest }) => rest);
}

/** Results without what a clock says. */
function timeless({ methods, comparisons, ...rest }: EvaluationResults): unknown {
  const kept = Object.entries(methods).map(([name, { tokensPerSecond: _, ...others }]) => [name, others]);
  return { ...rest, methods: Object.fromEntries(kept), comparisons: comparisons.filter(({ metric }) => metric !== "tokensPerSecond") };
}

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

  it("goes on where it was stopped, to the same end as an unbroken run", async () => {
    const [whole, broken] = [await scratch(), await scratch()];
    const unbroken = await evaluate({ ...SMALL, out: whole });
    const controller = new AbortController();
    const stopped = evaluate({
      ...SMALL,
      out: broken,
      signal: controller.signal,
      onProgress: ({ done }) => done === 4 && controller.abort(),
    });
    await expect(stopped).rejects.toMatchObject({ code: "ABORTED" });
    const kept = await lines(broken);
    expect(kept.length).toBeGreaterThanOrEqual(3);
    expect(kept.length).toBeLessThan(9);
    await appendFile(join(broken, "responses.jsonl"), '{"method":"args-greedy","index":2,"resp');
    const resumed = await evaluate({ ...SMALL, out: broken });
    expect(untimed(await lines(broken))).toEqual(untimed(await lines(whole)));
    expect(timeless(resumed)).toEqual(timeless(unbroken));
  });

  it("ends the same however it was interrupted, though F16 rounds by who shares a batch", async () => {
    const [whole, broken] = [await scratch(), await scratch()];
    const methods = ["top-p", { name: "best-of-n", drafts: 2 }, "args-stochastic"] as const;
    const data = [...PROMPTS, "Help me train a playful puppy.", "How can I grow tomatoes?", "Give me a plan to build a shed.", "Hello?"];
    const options: EvaluateOptions = { data, methods, maxTokens: 40, threads: 1 };
    await evaluate({ ...options, out: whole });
    const kept = [0];
    // Between two tokens, or as a response ends.
    for (const [moment, delay] of [
      [2, 5],
      [6, 5],
      [9, 5],
      [16, 5],
      [20, 0],
    ] as const) {
      const controller = new AbortController();
      const abort = (): void => controller.abort();
      const onProgress = ({ done }: { done: number }): void => void (done >= moment && (delay === 0 ? abort() : setTimeout(abort, delay)));
      const interrupted = evaluate({ ...options, out: broken, signal: controller.signal, onProgress });
      await expect(interrupted).rejects.toMatchObject({ code: "ABORTED" });
      kept.push((await lines(broken)).length);
    }
    expect(kept).toEqual([...kept].sort((a, b) => a - b));
    expect(kept[1]).toBeLessThan(21);
    await evaluate({ ...options, out: broken });
    expect(untimed(await lines(broken))).toEqual(untimed(await lines(whole)));
  });

  it("says of each method what it is, also of one that an earlier run left unfinished", async () => {
    const out = await scratch();
    const controller = new AbortController();
    const onProgress = ({ done }: { done: number }): void => void (done === 4 && controller.abort());
    const sweep = { weight: [0.2, 0.4], topK: [3] };
    const swept = evaluate({ ...SMALL, methods: ["greedy", "args-greedy"], sweep, out, onProgress, signal: controller.signal });
    await expect(swept).rejects.toMatchObject({ code: "ABORTED" });
    const { settings } = await evaluate({ ...SMALL, methods: ["greedy"], out });
    expect(settings.variants).toMatchObject({
      greedy: { pair: "policy", method: "greedy", swept: {} },
      "args-greedy weight=0.2 topK=3": { pair: "policy", method: "args-greedy", swept: { weight: 0.2, topK: 3 } },
    });
    expect(settings.pairs).toEqual([{ label: "policy", methods: ["greedy", "args-greedy weight=0.2 topK=3"] }]);
  });

  it("goes on with a directory of version 0.1.0, whose settings say no more than what makes it the same", async () => {
    const out = await scratch();
    await evaluate({ ...SMALL, methods: ["greedy"], out });
    const { description, ...settings } = JSON.parse(await readFile(join(out, "settings.json"), "utf8"));
    expect(description).toMatchObject({ source: "prompts", variants: { greedy: { method: "greedy" } } });
    await writeFile(join(out, "settings.json"), JSON.stringify(settings));
    const { methods } = await evaluate({ ...SMALL, methods: ["top-p"], out });
    expect(Object.keys(methods)).toEqual(["top-p", "greedy"]);
  });

  it("takes no heed of what a process left that died as it wrote", async () => {
    const out = await scratch();
    await mkdir(out);
    const left = ["settings.json.12-0123abcd.tmp", "responses.jsonl.7-89abcdef.tmp"];
    for (const name of [...left, "mine.tmp"]) await writeFile(join(out, name), "{");
    await evaluate({ ...SMALL, methods: ["greedy"], out });
    expect((await readdir(out)).sort()).toEqual(["mine.tmp", "responses.jsonl", "results.json", "settings.json"]);
  });

  it("decodes nothing again, and takes methods that are added", async () => {
    const out = await scratch();
    await evaluate({ ...SMALL, methods: ["greedy"], out });
    const before = await lines(out);
    const { methods, comparisons } = await evaluate({ ...SMALL, methods: ["args-greedy"], out });
    expect(Object.keys(methods)).toEqual(["args-greedy", "greedy"]);
    expect(comparisons.some(({ a, b }) => [a, b].sort().join() === "args-greedy,greedy")).toBe(true);
    expect((await lines(out)).slice(3)).toEqual(before);
  });

  it("keeps what it is not asked for again: coherence, measures of one's own", async () => {
    const out = await scratch();
    const embedding = "test/evaluate/fixtures/tiny-bert.gguf";
    const own: Metric = { name: "one", measure: (responses) => responses.map(() => 1) };
    const first = await evaluate({ ...SMALL, methods: ["greedy"], out, embedding, metrics: [own] });
    expect(first.methods.greedy?.coherence?.count).toBe(3);
    const again = await evaluate({ ...SMALL, methods: ["greedy", "args-greedy"], out });
    expect(again.methods.greedy).toMatchObject({ coherence: first.methods.greedy?.coherence, one: { mean: 1 } });
    expect(again.methods["args-greedy"]).not.toHaveProperty("coherence");
    const both = await evaluate({ ...SMALL, methods: ["greedy", "args-greedy"], out, embedding });
    expect(both.methods["args-greedy"]?.coherence?.count).toBe(3);
    expect(both.comparisons.filter(({ metric }) => metric === "coherence")).toHaveLength(1);
  });

  it("keeps it where a group is decoded again for a prompt that cannot be answered", async () => {
    const out = await scratch();
    const options: EvaluateOptions = { ...SMALL, data: ["Hello?", "long ".repeat(900)], methods: ["greedy"], out };
    const { methods } = await evaluate({ ...options, embedding: "test/evaluate/fixtures/tiny-bert.gguf" });
    const again = await evaluate(options);
    expect(again.failures).toHaveLength(1);
    expect(again.methods.greedy?.coherence).toEqual(methods.greedy?.coherence);
    expect(methods.greedy?.coherence?.count).toBe(1);
  });

  it("drops damaged lines and decodes them again", async () => {
    const out = await scratch();
    await evaluate({ ...SMALL, methods: ["greedy"], out });
    const before = await lines(out);
    const [first, , third] = before.map((line) => JSON.stringify(line));
    await writeFile(join(out, "responses.jsonl"), `${first}\n\0\0\0\n\nnull\n{}\n${third}\n`);
    await evaluate({ ...SMALL, methods: ["greedy"], out });
    expect(untimed(await lines(out))).toEqual(untimed(before));
  });

  it("is alone in its directory; a lock of a process that is gone does not count", async () => {
    const out = await scratch();
    let second: unknown;
    const meanwhile: Metric = {
      name: "meanwhile",
      measure: async (responses) => {
        second ??= await evaluate({ ...SMALL, methods: ["greedy"], out }).catch((error: unknown) => error);
        return responses.map(() => 0);
      },
    };
    await evaluate({ ...SMALL, methods: ["greedy"], out, metrics: [meanwhile] });
    expect(second).toMatchObject({ code: "BUSY", message: expect.stringContaining(String(process.pid)) });
    await writeFile(join(out, "lock"), JSON.stringify({ pid: 2 ** 22 + 1, host: hostname() }));
    await evaluate({ ...SMALL, methods: ["greedy"], out });
    expect(await readdir(out)).not.toContain("lock");
  });

  it("takes rewards that are functions, and notices when one has changed", async () => {
    const out = await scratch();
    const short: RewardFunction = (candidates) => candidates.map(({ response }) => -response.length);
    const pair = { policy: EMBEDDED.policy, reward: short };
    const { methods } = await evaluate({ ...SMALL, ...pair, methods: ["greedy", "args-greedy"], out });
    expect(methods["args-greedy"]?.reward?.mean).toBeGreaterThan(methods.greedy?.reward?.mean ?? 0);
    const long: RewardFunction = (candidates) => candidates.map(({ response }) => response.length);
    await expect(evaluate({ ...SMALL, ...pair, reward: long, out })).rejects.toMatchObject({ message: expect.stringContaining("models") });
  });

  it("knows a model by its content, not by its name", async () => {
    const out = await scratch();
    const reward = EMBEDDED.reward;
    await evaluate({ ...SMALL, policy: EMBEDDED.policy, reward, methods: ["greedy"], out });
    const copy = `${out}-copy.gguf`;
    await copyFile(EMBEDDED.policy, copy);
    const { methods } = await evaluate({ ...SMALL, policy: copy, reward, methods: ["greedy"], out });
    expect(methods.greedy?.reward?.count).toBe(3);
  });

  it.each<[string, EvaluateOptions["methods"]]>([
    ["weight", [{ name: "args-greedy", weight: 2 }]],
    ["topK", [{ name: "args-greedy", topK: 0 }]],
    ["temperature", ["greedy", { name: "top-p", temperature: -1 }]],
  ])("refuses a wrong %s before anything is decoded", async (what, methods) => {
    const out = await scratch();
    await expect(evaluate({ ...SMALL, methods, out })).rejects.toMatchObject({
      code: "OPTION_INVALID",
      message: expect.stringContaining(what),
    });
    await expect(readdir(out)).rejects.toThrow();
  });

  it("leaves no more than its settings when it ends before the first response, and nobody is held to them", async () => {
    const out = await scratch();
    const controller = new AbortController();
    const early = evaluate({ ...SMALL, seed: 1, out, signal: controller.signal, onProgress: () => controller.abort() });
    await expect(early).rejects.toMatchObject({ code: "ABORTED" });
    expect(await readdir(out)).toEqual(["settings.json"]);
    await writeFile(join(out, "responses.jsonl"), '{"method":"gre');
    const { settings } = await evaluate({ ...SMALL, seed: 2, methods: ["greedy"], out });
    expect(settings.seed).toBe(2);
    expect(await lines(out)).toHaveLength(3);
  });

  it("holds a directory to nothing as long as nothing is decoded", async () => {
    const out = await scratch();
    await expect(evaluate({ ...SMALL, seed: 1, embedding: "/nowhere.gguf", out })).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
    await evaluate({ ...SMALL, seed: 2, methods: ["greedy"], out });
    await rm(join(out, "settings.json"));
    await expect(evaluate({ ...SMALL, seed: 3, methods: ["greedy"], out })).rejects.toMatchObject({ code: "OPTION_INVALID" });
  });

  it.each<[string, Partial<EvaluateOptions>]>([
    ["maxTokens", { maxTokens: 9 }],
    ["data", { data: ["Another prompt"] }],
    ["seed", { seed: 1 }],
    ["slots", { slots: 3 }],
    ["engine", { contextSize: 64 }],
    ["engine", { kvType: "f32" }],
    ['method "args-greedy"', { methods: [{ name: "args-greedy", weight: 0.1 }] }],
    ["models", { reward: null, policy: EMBEDDED.policy, methods: ["greedy"] }],
  ])("refuses a directory of another configuration: %s", async (what, change) => {
    const out = await scratch();
    await evaluate({ ...SMALL, data: PROMPTS.slice(0, 1), maxTokens: 2, methods: ["args-greedy"], out });
    const other = evaluate({ ...SMALL, data: PROMPTS.slice(0, 1), maxTokens: 2, methods: ["args-greedy"], out, ...change });
    await expect(other).rejects.toMatchObject({ code: "OPTION_INVALID", message: expect.stringContaining(what) });
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
