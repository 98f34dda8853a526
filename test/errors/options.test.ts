/** What is refused with models at hand. Every option's range and words are in test/unit/options.test.ts; here, that each call asks. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type Decoder,
  type ErrorCode,
  type GenerateOptions,
  type LoadOptions,
  load,
  loadReward,
  type Prompt,
  type RewardLoadOptions,
  type RewardModel,
  type ScoreOptions,
} from "../../src/index.js";
import { modelFolder, type StoredPair } from "../helpers/model-folder.js";
import { expectError } from "./expect-error.js";
import { TINY } from "./tiny-model.js";

const folder = modelFolder();
const CPU = { gpu: false, threads: 1 } as const;

let pair: StoredPair;
let decoder: Decoder;
let judge: RewardModel;
beforeAll(async () => {
  pair = folder.writePair(3, TINY, TINY);
  decoder = await load({ policy: pair.policy.path, reward: pair.reward.path, ...CPU });
  judge = await loadReward({ reward: pair.reward.path, ...CPU });
});
afterAll(() => Promise.all([decoder.dispose(), judge.dispose()]));

/** What a JavaScript caller can write and a TypeScript caller cannot. */
const untyped = <T>(options: Record<string, unknown>): T => options as T;

async function stillWorks(): Promise<void> {
  const { tokens } = await decoder.generate("hello", { template: "none", topK: 3, maxTokens: 2 });
  expect(tokens).toHaveLength(2);
}

describe("generate(), stream() and generateAll()", () => {
  test.each<[option: string, value: unknown, message: RegExp]>([
    ["topK", 61, /topK must be an integer from 1 to 60 \(the vocabulary\), got 61/],
    ["slot", 1, /slot must be an integer from 0 to 0 \(the slots loaded\), got 1/],
    ["stop", [""], /stop must be a non-empty string/],
    ["signal", {}, /signal must be an AbortSignal/],
    ["topk", 10, /no option "topk"; did you mean topK\?/],
  ])("refuse %s: %j", async (option, value, message) => {
    const options = untyped<GenerateOptions>({ [option]: value });
    await expectError(() => decoder.generate("hello", options), "OPTION_INVALID", message);
    await expectError(() => decoder.stream("hello", options).next(), "OPTION_INVALID", message);
    await expectError(() => decoder.generateAll(["hello"], options), "OPTION_INVALID", message);
    await stillWorks();
  });

  test("method args without a reward", async () => {
    const baseline = await load({ policy: pair.policy.path, ...CPU });
    await expectError(() => baseline.generate("hello", { method: "args" }), "OPTION_INVALID", /needs a reward: load\(\) one/);
    await expectError(() => baseline.score({ prompt: "a", response: "b" }), "OPTION_INVALID", /needs a reward/);
    await baseline.dispose();
  });
});

describe("a prompt", () => {
  test.each<[what: string, prompt: unknown, code: ErrorCode, message: RegExp]>([
    ["that is empty", "", "PROMPT_EMPTY", /empty text/],
    ["without messages", [], "PROMPT_EMPTY", /no messages/],
    [
      "as long as the context",
      "x".repeat(64),
      "PROMPT_TOO_LONG",
      /(65|66) tokens .*context .*64.* Shorten (it|them): the models know no longer texts\.$/,
    ],
    ["much longer than the context", "x".repeat(100_000), "PROMPT_TOO_LONG", /10000[12] tokens/],
    ["of messages, without a template", [{ role: "user", content: "hi" }], "TEMPLATE_INVALID", /no chat template: give it a text/],
    ["that is a number", 5, "OPTION_INVALID", /prompt must be a text or an array of messages/],
    ["that is null", null, "OPTION_INVALID", /prompt must be a text/],
    ["that is missing", undefined, "OPTION_INVALID", /prompt must be a text/],
    ["with a message without content", [{ role: "user" }], "OPTION_INVALID", /prompt\[0\] must be a message/],
  ])("%s", async (_, prompt, code, message) => {
    await expectError(() => decoder.generate(prompt as Prompt), code, message);
    await expectError(() => decoder.stream(prompt as Prompt).next(), code, message);
    await expectError(() => decoder.generateAll([prompt as Prompt]), code, message);
    await expectError(() => decoder.score({ prompt: prompt as Prompt, response: "x" }), code, message);
    await stillWorks();
  });

  test.each([
    ["that is no Jinja", "{% if %}"],
    ["that raises", "{{ raise_exception('no system message here') }}"],
    ["that calls what is not there", "{{ messages[9].content.strip() }}"],
  ])("with a chat template %s", async (_, chatTemplate) => {
    const policy = folder.write({ seed: 8, ...TINY, chatTemplate });
    const chatty = await load({ policy: policy.path, ...CPU });
    await expectError(() => chatty.generate("hello"), "TEMPLATE_INVALID", /the chat template of .* does not render these messages: ./);
    await expect(chatty.generate("hello", { template: "none", maxTokens: 1 })).resolves.toMatchObject({ finishReason: "length" });
    await chatty.dispose();
  });
});

describe("score()", () => {
  const prompt = "hello";
  test.each<[what: string, input: unknown, code: ErrorCode, message: RegExp]>([
    ["an empty response", { prompt, response: "" }, "INPUT_INVALID", /response 0 must be a non-empty text/],
    ["an empty text", { text: "" }, "INPUT_INVALID", /text 0 must be a non-empty text/],
    ["a text that is none", { text: null }, "INPUT_INVALID", /text 0/],
    ["a response that is no text", { prompt, response: 5 }, "INPUT_INVALID", /response 0/],
    [
      "a second one that is empty",
      [
        { prompt, response: "a" },
        { prompt, response: "" },
      ],
      "INPUT_INVALID",
      /response 1/,
    ],
    ["one that is too long", { prompt, response: "x".repeat(64) }, "PROMPT_TOO_LONG", /70 tokens .* the context holds 64/],
    ["nothing", undefined, "INPUT_INVALID", /input 0 must be \{ prompt, response \} or \{ text \}/],
    ["null", null, "INPUT_INVALID", /input 0 must be/],
    ["a list of nothing", [null], "INPUT_INVALID", /input 0 must be/],
  ])("%s", async (_, input, code, message) => {
    await expectError(() => decoder.score(input as never, { template: "none" }), code, message);
    await expectError(() => judge.score(input as never, { template: "none" }), code, message);
  });

  test("an unknown option", async () => {
    const options = untyped<ScoreOptions>({ topK: 1 });
    for (const owner of [decoder, judge]) {
      await expectError(() => owner.score({ prompt, response: "a" }, options), "OPTION_INVALID", /no option "topK"/);
    }
  });
});

describe("generateAll()", () => {
  test.each([null, "hello", { 0: "hello" }, undefined])("prompts that are %j", async (prompts) => {
    await expectError(() => decoder.generateAll(prompts as unknown as string[]), "OPTION_INVALID", /prompts must be an array/);
  });

  test("one bad prompt among good ones: they are delivered, and its index is named", async () => {
    const delivered: number[] = [];
    const options = { template: "none", topK: 3, maxTokens: 2, onResult: (_: unknown, index: number) => delivered.push(index) } as const;
    await expectError(() => decoder.generateAll(["a", "", "b"], options), "PROMPT_EMPTY", /^prompt 1: /);
    expect(delivered).toEqual([0, 2]);
  });

  test("a callback that is no function", async () => {
    await expectError(() => decoder.generateAll(["a"], untyped({ onResult: 5 })), "OPTION_INVALID", "onResult must be a function");
  });
});

describe("load()", () => {
  test.each<[option: string, value: unknown, message: RegExp]>([
    ["contextSize", 65, /contextSize must be an integer from 2 to 64 \(tokens the models were trained with\), got 65/],
    ["kvType", "q8_0", /cannot have this kvType/],
    ["threads", 0, /threads must be an integer from 1 to 512, got 0/],
    ["reward", { reward: "a", weight: "1" }, /reward\.weight must be a finite number/],
    ["context", 512, /load\(\) has no option "context"/],
  ])("%s: %j", async (option, value, message) => {
    const options = { policy: pair.policy.path, reward: pair.reward.path, ...CPU, [option]: value };
    await expectError(() => load(untyped<LoadOptions>(options)), "OPTION_INVALID", message);
  });

  test.each<[option: string, value: unknown, message: RegExp]>([
    ["contextSize", 65, /contextSize must be an integer from 2 to 64/],
    ["reward", () => [0], /at least one reward model's file/],
    ["slots", 2, /loadReward\(\) has no option "slots"/],
  ])("loadReward() with %s: %j", async (option, value, message) => {
    const options = untyped<RewardLoadOptions>({ reward: pair.reward.path, ...CPU, [option]: value });
    await expectError(() => loadReward(options), "OPTION_INVALID", message);
  });

  test("a function among the options throws: load() rejects with it, and loads the next time", async () => {
    const boom = new Error("boom");
    const options = { policy: pair.policy.path, reward: pair.reward.path, ...CPU };
    const onProgress = () => {
      throw boom;
    };
    await expect(load({ ...options, onProgress })).rejects.toBe(boom);
    await (await load(options)).dispose();
  });
});
