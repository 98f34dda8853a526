/** Questions that cannot be put: each says what was wrong, with which option, and what to do. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { type ArgsearchError, type LoadOptions, load, loadReward } from "../../src/index.js";
import { ALL_BYTES } from "../helpers/byte-vocabulary.js";
import { modelFolder } from "../helpers/model-folder.js";
import { expectError } from "./expect-error.js";

const QUESTION = "Is it polite?";
const SHAPE = { vocabulary: ALL_BYTES, layers: 1, embedding: 32, heads: 2, kvHeads: 1, feedForward: 32, contextLength: 256 };
const chatTemplate =
  "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}";
const folder = modelFolder();
const plain = folder.write({ seed: 1, ...SHAPE });
const instruct = folder.write({ seed: 2, ...SHAPE, chatTemplate });
const CPU = { gpu: false, threads: 1 } as const;

afterEach(() => {
  vi.restoreAllMocks();
});

async function optionOf(work: Promise<AsyncDisposable>): Promise<string | undefined> {
  return work.then(
    (made) => made[Symbol.asyncDispose]().then(() => undefined),
    (error: ArgsearchError) => error.option,
  );
}

describe.each([false, true])("loading, isolated: %s", (isolate) => {
  const loading = (reward: LoadOptions["reward"], policy = instruct.path) => load({ ...CPU, isolate, policy, reward });

  it("an asked model without chat template, be it the policy or another", async () => {
    await expectError(
      () => loading({ ask: QUESTION }, plain.path),
      "TEMPLATE_INVALID",
      /has no chat template, by which a question is put: name an instruct model as reward\.model, or give reward\.chatTemplate/,
    );
    await expectError(() => loading([{ reward: { ask: QUESTION, model: plain.path } }]), "TEMPLATE_INVALID", /reward\[0\]\.reward\.model/);
    await using decoder = await loading({ ask: QUESTION, model: plain.path, chatTemplate });
    expect(decoder.info.objectives).toEqual([QUESTION]);
  });

  it("a file that is not there, by its option", async () => {
    const missing = () => loading([{ ask: QUESTION, model: "nowhere.gguf" }]);
    await expectError(missing, "FILE_NOT_FOUND", /reward\[0\]\.model: .*nowhere\.gguf/);
    expect(await optionOf(missing())).toBe("reward[0].model");
  });

  it("no model and no policy", async () => {
    const alone = () => loadReward({ ...CPU, isolate, reward: { ask: QUESTION } });
    await expectError(
      alone,
      "OPTION_INVALID",
      /reward\.model must name the GGUF of an instruct model: there is no policy in this process to ask/,
    );
    expect(await optionOf(alone())).toBe("reward.model");
  });

  it("answers that begin with the same token", async () => {
    await expectError(
      () => loading({ ask: QUESTION, answers: ["good", "great"] }),
      "OPTION_INVALID",
      /reward\.answers must begin differently: "good" and "great" begin with the same token/,
    );
  });

  it("texts that are too long for the asked model's context", async () => {
    await using decoder = await loading({ ask: QUESTION });
    const response = "a".repeat(230);
    await expectError(
      () => decoder.score({ prompt: "Hi", response }),
      "PROMPT_TOO_LONG",
      /conversation, reply and question have \d+ tokens for .*, the context holds 256/,
    );
    expect((await decoder.score({ prompt: "Hi", response: "a" })).reward).toBeGreaterThan(0);
  });

  it("a reply to be rated after the decoder was disposed of", async () => {
    const decoder = await loading({ ask: QUESTION });
    const refused = expectError(() => decoder.score(Array(20).fill({ prompt: "Hi", response: "a" })), "DISPOSED", /disposed/);
    await decoder.dispose();
    await refused;
  });
});

it("per token is done, and warned of once in words of its own", async () => {
  const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  await using decoder = await load({ ...CPU, policy: instruct.path, reward: { ask: QUESTION } });
  for (let at = 0; at < 2; at++) {
    const { rewards, tokens } = await decoder.generate("Hi", { method: "args", topK: 3, maxTokens: 3, ending: "never", template: "none" });
    expect(rewards).toHaveLength(tokens.length);
    expect(rewards.every((reward) => reward !== null && reward > 0 && reward < 1)).toBe(true);
  }
  const codes = warned.mock.calls.map(([, options]) => (options as { code?: string } | undefined)?.code);
  expect(codes.filter((code) => code === "ARGSEARCH_ASK_PER_TOKEN")).toHaveLength(1);
  expect(warned.mock.calls.flat()).toContainEqual(
    expect.stringMatching(/asked about every candidate of each token of method "args".*Method "blocks" asks once in 16 tokens/),
  );
  expect(codes).not.toContain("ARGSEARCH_REMOTE_REWARD_PER_TOKEN");
});
