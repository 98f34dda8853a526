/** What an evaluation goes on with, and what it refuses to. */
import { appendFile, copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type EvaluateOptions, evaluate, type Metric } from "../../src/evaluate/index.js";
import { bannedWords, EMBEDDED, type RewardFunction } from "../../src/index.js";
import { lines, PROMPTS, SMALL, scratch, timeless, untimed } from "./small.js";

describe("the directory of an evaluation", () => {
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
});

describe("an evaluation with bans", () => {
  const options = (words: string[]): EvaluateOptions => ({
    ...SMALL,
    reward: [EMBEDDED.reward, bannedWords(words)],
    methods: ["greedy", "args-greedy"],
  });

  it("has no reward for what is banned, goes on as it began, and is another with other words", async () => {
    const out = await scratch();
    const first = await evaluate({ ...options(["certainly", "happy"]), out });
    const responses = await lines(out);
    for (const { response, reward } of responses) expect(reward === null).toBe(/\b(certainly|happy)\b/i.test(response));
    expect(responses.filter(({ method, reward }) => method === "greedy" && reward === null).length).toBeGreaterThan(0);
    expect(responses.filter(({ method, reward }) => method === "args-greedy" && reward === null)).toEqual([]);
    expect(timeless(await evaluate({ ...options(["certainly", "happy"]), out }))).toEqual(timeless(first));
    await expect(evaluate({ ...options(["certainly"]), out })).rejects.toMatchObject({ code: "OPTION_INVALID" });
  });
});
