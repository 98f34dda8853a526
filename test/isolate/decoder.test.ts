/** An isolated decoder does what one in this process does. What fails is compared in test/errors/running.test.ts, too. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Decoder,
  type GenerateOptions,
  type LoadOptions,
  load,
  loadReward,
  type RewardContext,
  type RewardFunction,
  type RewardModel,
  type ScoredLine,
  type Step,
  scoreFile,
  setLogger,
} from "../../src/index.js";
import { packageRoot } from "../../src/package-root.js";
import { ALL_BYTES } from "../helpers/byte-vocabulary.js";
import { modelFolder } from "../helpers/model-folder.js";

const SHAPE = { vocabulary: ALL_BYTES, layers: 2, embedding: 32, heads: 2, kvHeads: 1, feedForward: 64, contextLength: 512 };
const { policy, reward } = modelFolder().writePair(90, SHAPE, SHAPE);
const OPTIONS = { policy: policy.path, reward: reward.path, gpu: false, threads: 1 } as const;
const SHORT = { template: "none", topK: 4, maxTokens: 8, seed: 3 } as const satisfies GenerateOptions;
const SHORT_TEMPLATE = { template: "none" } as const;
const PROMPTS = ["one", "two and a half", "three", "four"];

/** Times differ from run to run. */
function timeless<T extends { timings: unknown }>({ timings: _, ...rest }: T): Omit<T, "timings"> {
  return rest;
}

async function both<T>(options: LoadOptions, work: (decoder: Decoder) => Promise<T>): Promise<[here: T, apart: T]> {
  const results: T[] = [];
  for (const isolate of [false, true]) {
    const decoder = await load({ ...OPTIONS, ...options, isolate });
    results.push(await work(decoder));
    await decoder.dispose();
  }
  return results as [T, T];
}

describe("the same as in this process", () => {
  let here: Decoder;
  let apart: Decoder;
  beforeAll(async () => {
    [here, apart] = await Promise.all([load({ ...OPTIONS, slots: 2 }), load({ ...OPTIONS, slots: 2, isolate: true })]);
  });
  afterAll(() => Promise.all([here.dispose(), apart.dispose()]));

  it("info", () => {
    expect(apart.info).toEqual(here.info);
  });

  it.each<[name: string, options: GenerateOptions]>([
    ["args", SHORT],
    ["stochastic", { ...SHORT, select: "stochastic" }],
    ["greedy", { ...SHORT, method: "greedy" }],
    ["greedy, rated", { ...SHORT, method: "greedy", rewards: true }],
    ["sample", { ...SHORT, method: "sample", topP: 0.9 }],
    ["a stop string", { ...SHORT, stop: ["e"], maxTokens: 40 }],
  ])("generate(): %s", async (_, options) => {
    expect(timeless(await apart.generate("hello", options))).toEqual(timeless(await here.generate("hello", options)));
  });

  it("a whole conversation, through a template", async () => {
    const chatTemplate = "{% for m in messages %}{{ m.role }}: {{ m.content }} {{ style }} {{ strftime_now('%Y') }}\n{% endfor %}";
    const prompt = [{ role: "user", content: [{ type: "text" as const, text: "hi" }] }];
    const options = { ...SHORT, template: "auto", templateVariables: { style: "brief" }, date: new Date("2020-05-05T12:00:00Z") } as const;
    const [one, other] = await both({ chatTemplate, reward: null }, (decoder) => decoder.generate(prompt, options));
    expect(other.usage).toEqual(one.usage);
    expect(other.tokens).toEqual(one.tokens);
  });

  it("stream(), with candidates", async () => {
    const steps = async (decoder: Decoder): Promise<[Step[], unknown]> => {
      const found: Step[] = [];
      const stream = decoder.stream("hello", { ...SHORT, candidates: true });
      for (;;) {
        const next = await stream.next();
        if (next.done) return [found, timeless(next.value)];
        found.push(next.value);
      }
    };
    expect(await steps(apart)).toEqual(await steps(here));
  });

  it("a stream's result and bytes, and what onStep is told", async () => {
    const found = async (decoder: Decoder) => {
      const told: string[] = [];
      await decoder.generate("hello", { ...SHORT, onStep: ({ text }) => told.push(text) });
      await decoder.generateAll(["one", "two"], { ...SHORT, onStep: ({ token }, index) => told.push(`${index}: ${token}`) });
      const left = decoder.stream("hello", SHORT);
      for await (const _ of left) break;
      return {
        told: told.sort(),
        text: await new Response(decoder.stream("hello", SHORT).toReadableStream()).text(),
        left: (await left.result).tokens,
      };
    };
    const [there, wanted] = [await found(apart), await found(here)];
    expect(there).toEqual(wanted);
    expect(there.left).toHaveLength(1);
  });

  it("texts and tokens, and what is wrong with them", async () => {
    const messages = [{ role: "user", content: "hi" }];
    const found = async (decoder: Decoder) => {
      const tokens = await decoder.tokenize("hello there");
      const wrong = await Promise.all(
        [
          decoder.tokenize(7 as never),
          decoder.detokenize([1, -1]),
          decoder.detokenize("no" as never),
          decoder.countTokens("", SHORT_TEMPLATE),
          decoder.render(messages),
          decoder.tokenize("a", { special: 1 as never }),
        ].map((call) => call.then(String, ({ code, message }) => `${code}: ${message}`)),
      );
      return { tokens, text: await decoder.detokenize(tokens), count: await decoder.countTokens("hello there", SHORT_TEMPLATE), wrong };
    };
    const [there, wanted] = [await found(apart), await found(here)];
    expect(there).toEqual(wanted);
    expect(there.text).toBe("hello there");
    expect(there.wrong.map((text) => text.split(":")[0])).toEqual([
      "OPTION_INVALID",
      "OPTION_INVALID",
      "OPTION_INVALID",
      "PROMPT_EMPTY",
      "TEMPLATE_INVALID",
      "OPTION_INVALID",
    ]);
    const { usage } = await here.generate("hello there", SHORT);
    expect(there.count).toBe(usage.promptTokens);
  });

  it("generateAll(), with its callbacks", async () => {
    const run = async (decoder: Decoder) => {
      const done: number[] = [];
      const indices: number[] = [];
      const results = await decoder.generateAll(PROMPTS, {
        ...SHORT,
        onProgress: (count) => done.push(count),
        onResult: (_result, index) => indices.push(index),
      });
      // Who shares a batch with whom, and so the last bits of the rewards, is a matter of timing.
      return { tokens: results.map(({ tokens }) => tokens), done, indices: indices.sort() };
    };
    expect(await run(apart)).toEqual(await run(here));
    await expect(apart.generateAll([...PROMPTS, ""], SHORT)).rejects.toMatchObject({
      code: "PROMPT_EMPTY",
      message: expect.stringContaining("prompt 4: "),
      cause: { code: "PROMPT_EMPTY" },
    });
  });

  it("score(), of one and of many", async () => {
    const inputs = [{ prompt: "hello", response: "there" }, { text: "whole" }];
    const options = { template: "none" } as const;
    expect(await apart.score(inputs, options)).toEqual(await here.score(inputs, options));
    expect(await apart.score(inputs[0] as { text: string }, options)).toEqual(await here.score(inputs[0] as { text: string }, options));
  });

  it("clear(), cacheBytes() and counters()", async () => {
    const cleared = async (decoder: Decoder) => {
      for (const slot of [0, 1]) await decoder.clear(slot);
      const before = decoder.counters();
      await decoder.generate("hello", SHORT);
      const { decodeMs: _, ...after } = decoder.counters();
      const steps = after.steps - before.steps;
      return { steps, prefill: after.policyPrefillTokens - before.policyPrefillTokens, bytes: await decoder.cacheBytes() };
    };
    expect(await cleared(apart)).toEqual(await cleared(here));
  });

  it("streams that are read side by side share batches", async () => {
    const decodes = async (decoder: Decoder) => {
      const before = decoder.counters().policyDecodes;
      await Promise.all(
        ["hello", "world"].map(async (prompt) => {
          for await (const _ of decoder.stream(prompt, { ...SHORT, maxTokens: 30 }));
        }),
      );
      return decoder.counters().policyDecodes - before;
    };
    // 30 steps each: together they take little more than one alone.
    expect(await decodes(here)).toBeLessThan(45);
    expect(await decodes(apart)).toBeLessThan(45);
  });

  it.each<[what: string, call: (decoder: Decoder) => unknown]>([
    ["an option out of range", (decoder) => decoder.generate("hello", { ...SHORT, topK: 0 })],
    ["an unknown option", (decoder) => decoder.generate("hello", { ...SHORT, maxToken: 3 } as GenerateOptions)],
    ["a slot that is not there", (decoder) => decoder.clear(2)],
    ["no text", (decoder) => decoder.generate("", SHORT)],
    ["no prompt", (decoder) => decoder.generate(undefined as unknown as string, SHORT)],
    ["a prompt that is a function", (decoder) => decoder.generate((() => 0) as unknown as string, SHORT)],
    ["too long a prompt", (decoder) => decoder.generate("a".repeat(600), SHORT)],
    ["no response", (decoder) => decoder.score({ prompt: "a", response: "" })],
    ["no template", (decoder) => decoder.generate([{ role: "user", content: "hi" }], SHORT)],
  ])("the error of %s", async (_, call) => {
    const error = async (decoder: Decoder) => {
      const { code, message, option } = await Promise.resolve(call(decoder)).then(
        () => expect.unreachable(),
        (reason) => reason,
      );
      return { code, message, option };
    };
    expect(await error(apart)).toEqual(await error(here));
  });

  it("inStep(): one batch for all, whatever else they do", async () => {
    const run = async (decoder: Decoder) => {
      for (const slot of [0, 1]) await decoder.clear(slot);
      const before = decoder.counters().policyDecodes;
      const task = (slot: number) => async () => {
        const first = await decoder.generate("hello", { ...SHORT, slot });
        await new Promise((resolve) => setTimeout(resolve, 20 * slot));
        return [first.tokens, (await decoder.generate("again", { ...SHORT, slot })).tokens];
      };
      return [await decoder.inStep([task(0), task(1)]), decoder.counters().policyDecodes - before];
    };
    expect(await run(apart)).toEqual(await run(here));
  });
});

describe("reward functions stay in this process", () => {
  it("and see what they would see without isolation", async () => {
    const seen = (): [unknown[], RewardFunction] => {
      const calls: unknown[] = [];
      const shorter: RewardFunction = async (candidates, { prompt, response }) => {
        calls.push([structuredClone(candidates), prompt, response]);
        return candidates.map(({ response }) => -response.length);
      };
      return [calls, shorter];
    };
    const run = async (isolate: boolean) => {
      const [calls, shorter] = seen();
      const decoder = await load({ ...OPTIONS, reward: [reward.path, { reward: shorter, weight: 0.5 }], slots: 2, isolate });
      const results = await decoder
        .generateAll(["hello", [{ role: "user", content: "hi" }]], { ...SHORT, template: "none" })
        .catch(() => null);
      const result = await decoder.generate("hello", SHORT);
      const streamed = await decoder.stream("hello", SHORT).result;
      const scored = await decoder.score([{ prompt: "a", response: "bcd" }, { text: "efg" }], { template: "none" });
      const { objectives, weights } = decoder.info;
      await decoder.dispose();
      return { results, result: timeless(result), streamed: timeless(streamed), scored, objectives, weights, calls };
    };
    expect(await run(true)).toEqual(await run(false));
  });

  it("their context has the caller's signal, and what they throw is the cause of the error", async () => {
    const contexts: RewardContext[] = [];
    const thrown = new RangeError("no");
    let fails = false;
    const mood: RewardFunction = (candidates, context) => {
      contexts.push(context);
      if (fails) throw thrown;
      return candidates.map(() => 0);
    };
    const decoder = await load({ ...OPTIONS, reward: mood, isolate: true });
    const { signal } = new AbortController();
    await decoder.generate("hello", { ...SHORT, signal });
    expect(contexts[0]?.signal).toBe(signal);
    fails = true;
    const error = await decoder.generate("hello", SHORT).catch((reason) => reason);
    expect(error).toMatchObject({ code: "REWARD_FUNCTION_FAILED", message: 'the reward function "mood" failed: no' });
    expect(error.cause).toBe(thrown);
    await decoder.dispose();
  });
});

describe("loading", () => {
  it("reports its progress", async () => {
    const progress: number[] = [];
    await (await load({ ...OPTIONS, isolate: true, onProgress: (done) => progress.push(done) })).dispose();
    expect(progress.at(-1)).toBe(1);
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
  });

  it("ends with what a progress callback throws, and with ABORTED, whose cause is the signal's reason", async () => {
    const mine = new Error("mine");
    const onProgress = () => {
      throw mine;
    };
    await expect(load({ ...OPTIONS, isolate: true, onProgress })).rejects.toBe(mine);
    const controller = new AbortController();
    const loading = load({ ...OPTIONS, isolate: true, signal: controller.signal });
    controller.abort(mine);
    await expect(loading).rejects.toMatchObject({ code: "ABORTED", cause: mine });
  });

  it.each<[what: string, options: LoadOptions, code: string]>([
    ["a file that is not there", { policy: "nowhere.gguf" }, "FILE_NOT_FOUND"],
    ["a reward without a head", { reward: policy.path }, "REWARD_HEAD_MISSING"],
    ["an unknown label", { reward: { reward: reward.path, labels: { mood: 1 } } }, "OPTION_INVALID"],
    ["too many slots", { slots: 1000 }, "OPTION_INVALID"],
    ["an isolation of another kind", { isolate: "yes" as unknown as boolean }, "OPTION_INVALID"],
    ["a limit that is no time", { isolate: { respondWithinMs: 1 } }, "OPTION_INVALID"],
  ])("%s is the same error", async (_, options, code) => {
    await expect(load({ ...OPTIONS, isolate: true, ...options })).rejects.toMatchObject({ code });
  });

  it("sends the engine's log, from when it is wanted until it is not", async () => {
    const lines: string[] = [];
    setLogger((_level, text) => lines.push(text));
    const decoder = await load({ ...OPTIONS, isolate: true });
    setLogger(null);
    expect(lines.join("")).toContain("llama");
    await decoder.generate("hello", SHORT);
    await decoder.dispose();
  });
});

it("a reward model alone, and files scored by it", async () => {
  const input = { prompt: "hello", response: "there" };
  const [here, apart] = [
    await loadReward({ reward: reward.path, gpu: false }),
    await loadReward({ reward: reward.path, gpu: false, isolate: true }),
  ];
  expect(apart.info).toEqual(here.info);
  expect(await apart.score([input, input], { template: "none" })).toEqual(await here.score([input, input], { template: "none" }));
  const lines = async (model: RewardModel) => {
    const scored: ScoredLine[] = [];
    const onLine = (line: ScoredLine): void => void scored.push(line);
    return [await scoreFile(model, Readable.from([JSON.stringify(input)]), { template: "none", onLine }), scored];
  };
  expect(await lines(apart)).toEqual(await lines(here));
  await Promise.all([here.dispose(), apart.dispose()]);
});

it("works from CommonJS", () => {
  const program = `
    const { load } = require(${JSON.stringify(join(packageRoot, "dist", "index.cjs"))});
    load(${JSON.stringify({ ...OPTIONS, isolate: true })}).then(async (decoder) => {
      console.log((await decoder.generate("hello", ${JSON.stringify(SHORT)})).tokens.length);
      await decoder.dispose();
    });`;
  const { stdout, stderr } = spawnSync(process.execPath, ["-e", program], { encoding: "utf8" });
  expect({ stdout, stderr }).toEqual({ stdout: "8\n", stderr: "" });
});
