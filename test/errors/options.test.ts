/** Options out of their range or of the wrong type, at load() and in every call; each refusal names the option. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Decoder, type ErrorCode, type GenerateOptions, type LoadOptions, load, loadReward, type Prompt } from "../../src/index.js";
import { modelFolder, type StoredPair } from "../helpers/model-folder.js";
import { expectError } from "./expect-error.js";
import { TINY } from "./tiny-model.js";

const folder = modelFolder();
const CPU = { gpu: false, threads: 1 } as const;

let pair: StoredPair;
let decoder: Decoder;
beforeAll(async () => {
  pair = folder.writePair(3, TINY, TINY);
  decoder = await load({ policy: pair.policy.path, reward: pair.reward.path, ...CPU });
});
afterAll(() => decoder.dispose());

/** What a JavaScript caller can write and a TypeScript caller cannot. */
const untyped = <T>(options: Record<string, unknown>): T => options as T;

const NUMBERS: readonly unknown[] = [Number.NaN, Number.POSITIVE_INFINITY, "10", null, [10], {}, true];

async function stillWorks(): Promise<void> {
  const { tokens } = await decoder.generate("hello", { template: "none", topK: 3, maxTokens: 2 });
  expect(tokens).toHaveLength(2);
}

describe("generate()", () => {
  const vocabulary = 60;
  const cases: [option: string, values: readonly unknown[], message: RegExp][] = [
    ["topK", [0, -1, 1.5, vocabulary + 1, ...NUMBERS], /topK must be an integer from 1 to 60/],
    ["weight", [-0.1, 1.1, 60, ...NUMBERS], /weight must be a number from 0 to 1 \(interpolating\)/],
    ["temperature", [0, -1, ...NUMBERS], /temperature must be a number above 0/],
    ["topP", [0, 1.1, -1, ...NUMBERS], /topP must be a number above 0 and up to 1/],
    ["seed", [-1, 0.5, 2 ** 32, ...NUMBERS], /seed must be an integer from 0/],
    ["maxTokens", [0, -1, 0.5, ...NUMBERS], /maxTokens must be an integer from 1/],
    ["slot", [-1, 1, 0.5, ...NUMBERS], /slot must be an integer from 0 to 0/],
    ["stop", ["", [""], 5, [5], null], /stop must be a non-empty string/],
    ["method", ["beam", "", 1, null], /method must be "args", "greedy" or "sample"/],
    ["combine", ["sum", 1, null], /combine must be "interpolate" or "additive"/],
    ["select", ["best", 1, null], /select must be "greedy" or "stochastic"/],
    ["template", ["chatml", 1, null], /template must be "auto" or "none"/],
    ["candidates", ["yes", 1, null], /candidates must be true or false/],
    ["signal", [true, {}, null], /signal must be an AbortSignal/],
    ["topk", [10], /no option "topk"; did you mean topK\?/],
    ["beamWidth", [10], /no option "beamWidth"; known are /],
  ];
  const each = cases.flatMap(([option, values, message]) => values.map((value) => [option, value, message] as const));

  test.each(each)("%s: %j", async (option, value, message) => {
    const options = untyped<GenerateOptions>({ [option]: value });
    await expectError(() => decoder.generate("hello", options), "OPTION_INVALID", message);
    await expectError(() => decoder.stream("hello", options).next(), "OPTION_INVALID", message);
    await expectError(() => decoder.generateAll(["hello"], options), "OPTION_INVALID", message);
    await stillWorks();
  });

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY, "1"])("an additive weight of %s", async (weight) => {
    await expectError(
      () => decoder.generate("hello", untyped({ combine: "additive", weight })),
      "OPTION_INVALID",
      /weight must be a number from 0/,
    );
  });

  test.each([null, "fast", 5, []])("options that are %j", async (options) => {
    await expectError(
      () => decoder.generate("hello", options as unknown as GenerateOptions),
      "OPTION_INVALID",
      /options of generate\(\) must be an object/,
    );
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
    const judge = await loadReward({ reward: pair.reward.path, ...CPU });
    await expectError(() => decoder.score(input as never, { template: "none" }), code, message);
    await expectError(() => judge.score(input as never, { template: "none" }), code, message);
    await judge.dispose();
  });

  test("an unknown option", async () => {
    await expectError(() => decoder.score({ prompt, response: "a" }, untyped({ topK: 1 })), "OPTION_INVALID", /no option "topK"/);
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

  test.each(["onProgress", "onResult", "onError"])("%s that is no function", async (name) => {
    await expectError(() => decoder.generateAll(["a"], untyped({ [name]: 5 })), "OPTION_INVALID", `${name} must be a function`);
  });
});

describe("load()", () => {
  const cases: [option: string, values: readonly unknown[], message: RegExp][] = [
    ["threads", [0, -1, 1.5, 513, ...NUMBERS], /threads must be an integer from 1 to 512/],
    ["contextSize", [0, 1, -5, 2.5, 2 ** 30, ...NUMBERS], /contextSize must be an integer from 2/],
    ["contextSize", [65, 2 ** 20], /contextSize must be an integer from 2 to 64 \(tokens the models were trained with\)/],
    ["batchSize", [0, 65_537, ...NUMBERS], /batchSize must be an integer from 1 to 65536/],
    ["slots", [0, 257, 1.5, ...NUMBERS], /slots must be an integer from 1/],
    ["gpuLayers", [-1, 0.5, ...NUMBERS], /gpuLayers must be an integer from 0/],
    ["kvType", ["f64", 16, null], /kvType must be "auto", "f32", "f16" or "q8_0"/],
    ["kvType", ["q8_0"], /cannot have this kvType/],
    ["gpu", ["rocm", true, null, ""], /gpu must be "auto", "cuda", "vulkan", "metal" or false/],
    ["engineDir", ["", 5, null], /engineDir must be a non-empty string/],
    ["policy", ["", 5, null, ["a"]], /policy must be a non-empty string/],
    ["reward", ["", 5, true, {}, [""], { reward: 5 }], /must be a path or a function|must be a path, a function or/],
    [
      "reward",
      [
        { reward: "a", weight: Number.NaN },
        { reward: "a", weight: "1" },
      ],
      /weight must be a finite number/,
    ],
    ["reward", [{ reward: "a", labels: { a: Number.NaN } }], /labels\.a must be a finite number/],
    ["onProgress", [5, "yes", null], /onProgress must be a function/],
    ["signal", [5, {}, null], /signal must be an AbortSignal/],
    ["context", [512], /no option "context"/],
  ];
  const each = cases.flatMap(([option, values, message]) => values.map((value) => [option, value, message] as const));

  test.each(each)("%s: %j", async (option, value, message) => {
    const options = { policy: pair.policy.path, reward: pair.reward.path, ...CPU, [option]: value };
    await expectError(() => load(untyped<LoadOptions>(options)), "OPTION_INVALID", message);
  });

  test.each([0, -1, 2 ** 30, 65])("loadReward() with contextSize %d", async (contextSize) => {
    await expectError(() => loadReward({ reward: pair.reward.path, ...CPU, contextSize }), "OPTION_INVALID", /contextSize must be/);
  });

  test("loadReward() with functions alone", async () => {
    await expectError(() => loadReward({ reward: () => [0] }), "OPTION_INVALID", /at least one reward model's file/);
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
