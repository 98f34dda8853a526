/** Spaces that a template writes before an answer are cut into tokens with it, as trainers cut the whole conversation. */
import { afterAll, describe, expect, it, onTestFinished } from "vitest";
import { binding } from "../../src/engine/binding.js";
import { openEngine } from "../../src/engine/engine.js";
import { resolveEngine } from "../../src/engine/options.js";
import { PairReader } from "../../src/fit/reader.js";
import { type LoadOptions, load, loadReward, type RewardContext } from "../../src/index.js";
import { loadModels } from "../../src/model/load-models.js";
import type { Model } from "../../src/model/model.js";
import { contextFor, resolveModel } from "../../src/model/options.js";
import { templateOf } from "../../src/model/template-options.js";
import { modelFolder } from "../helpers/model-folder.js";
import { hiddenStates, rewardsAtEnd } from "../helpers/reference-llama.js";
import { largestDifference, ROUNDING } from "../helpers/rounding.js";
import { StoredVocabulary } from "../helpers/stored-vocabulary.js";

const CPU = { gpu: false, threads: 1 } as const;
const PROMPT = "What is it?";
const ANSWERS = ["Hello there, friend.", "Yes", "7 of 9", "\u00e9t\u00e9"];
/** These join a colon or a line break, too; decoding never joins what a prompt ends with, and score() does as it does. */
const JOINING = ["(a)", "I'm", "\nHi", " so", "<s>", "</s> <|end_of_text|>"];

const mistral = (space: string): string =>
  "{{ bos_token }}{% for m in messages %}{% if m.role == 'user' %}{{ '[INST] ' + m.content + ' [/INST]' }}" +
  `{% else %}{{ '${space}' + m.content + eos_token }}{% endif %}{% endfor %}`;
const lines = (before: string, generation: string): string =>
  `{{ bos_token }}{% for m in messages %}{{ m.role + '${before}' + m.content + eos_token }}{% endfor %}` +
  `{% if add_generation_prompt %}{{ 'assistant${generation}' }}{% endif %}`;
const TEMPLATES: Record<string, string> = {
  "a space": mistral(" "),
  "two spaces": mistral("  "),
  "a tab": mistral("\\t"),
  "a colon and a space": lines(": ", ": "),
  "a colon": lines(":", ":"),
  "a line break": lines(":\\n", ":\\n"),
  "a line break and spaces": lines(":\\n  ", ":\\n  "),
  "a control token and a space": mistral("<s> ").replace("[/INST]'", "[/INST]' + eos_token"),
};

const folder = modelFolder();
const [spm, bpe, gpt2] = ["llama-spm", "llama-bpe", "gpt-2"].map((name, index) => {
  const shape = { layers: 1, embedding: 32, heads: 2, kvHeads: 1, feedForward: 32, contextLength: 64 };
  return { name, ...folder.write({ seed: 80 + index, vocabulary: StoredVocabulary.of(name), labels: ["reward"], ...shape }) };
});
type Stored = typeof spm;

openEngine(resolveEngine({}));
const loaded = new Map<string, Promise<Model[]>>();
afterAll(async () => {
  for (const models of loaded.values()) for (const model of await models) model.dispose();
});

async function modelOf({ path }: Stored, template: string): Promise<Model> {
  const models = loaded.get(path) ?? loadModels([{ path }], resolveModel("test", { ...CPU }));
  loaded.set(path, models);
  const [model] = await models;
  if (model === undefined) throw new Error("nothing was loaded");
  return model.withTemplate({ text: template, option: "chatTemplate" }, {});
}

/** The tokens of the finished conversation, cut as one text; what else the prompt of a next answer has left aside. */
function wholeOf(model: Model, answer: string, length: number): number[] {
  const messages = [
    { role: "user", content: PROMPT },
    { role: "assistant", content: answer },
  ];
  return [...model.promptTokens(messages, templateOf())].slice(0, length);
}

function partsOf(model: Model, answer: string): { before: number[]; response: number[]; lead: string } {
  const { before, lead } = model.answerFrame(PROMPT, answer, templateOf());
  return { before: [...before], response: [...model.responseTokens(lead + answer)], lead };
}

describe.each([spm, bpe, gpt2])("an answer is cut as in its whole conversation, $name", (stored) => {
  it.each(Object.entries(TEMPLATES))("behind %s", async (name, template) => {
    const model = await modelOf(stored, template);
    for (const answer of [...ANSWERS, ...(name.includes("space") ? JOINING : [])]) {
      const { before, response } = partsOf(model, answer);
      const ours = [...before, ...response, model.info.eos];
      expect(ours, answer).toEqual(wholeOf(model, answer, ours.length));
    }
  });
});

describe.each([spm, bpe])("the moved space, $name", (stored) => {
  it("is a part of score()'s first token, and of no text that a function sees", async () => {
    const seen: string[] = [];
    const watch = (candidates: readonly { text: string; response: string }[], { response }: RewardContext): number[] =>
      candidates.map((candidate) => {
        expect(candidate.response).toBe(response + candidate.text);
        seen.push(candidate.response);
        return 0;
      });
    const terms = [{ reward: stored.path, chatTemplate: mistral(" ") }, watch];
    const rewardModel = await loadReward({ reward: terms, ...CPU });
    onTestFinished(() => rewardModel.dispose());
    const { tokens, reward } = await rewardModel.score({ prompt: PROMPT, response: "Hello there" });
    expect(tokens.map(({ text }) => text)).toEqual([" Hello", " there"]);
    expect(seen).toEqual(["Hello", "Hello there"]);
    const model = await modelOf(stored, mistral(" "));
    const { before, response } = partsOf(model, "Hello there");
    expect(reward).toBeCloseTo(rewardsAtEnd(stored.model, [...before, ...response])[0] ?? 0, 3);
  });

  it("is each reward model's own", async () => {
    const [led, bare] = [mistral(" "), mistral("")];
    const terms = [led, bare].map((chatTemplate) => ({ reward: stored.path, chatTemplate }));
    for (const order of [terms, terms.toReversed()]) {
      const both = await loadReward({ reward: order, ...CPU });
      onTestFinished(() => both.dispose());
      const { tokens } = await both.score({ prompt: PROMPT, response: "Helmet on" });
      const found = await Promise.all(
        order.map(async ({ chatTemplate }) => {
          const model = await modelOf(stored, chatTemplate);
          const { before, response } = partsOf(model, "Helmet on");
          return rewardsAtEnd(stored.model, [...before, ...response])[0] ?? 0;
        }),
      );
      expect(largestDifference(Object.values(tokens.at(-1)?.objectives ?? {}), found)).toBeLessThan(1e-3);
    }
  });

  it("is read by fitReward()", async () => {
    const model = await modelOf(stored, mistral(" "));
    const context = contextFor(resolveModel("test", { ...CPU }), [model.info]);
    const scorer = await binding().createScorer({ ...context, model: model.native, sequences: 2 });
    onTestFinished(() => scorer.dispose());
    const reader = new PairReader({ model, scorer, contextSize: context.contextSize, template: templateOf(), signal: undefined });
    const { values } = await reader.read({ prompt: PROMPT, chosen: "Yes", rejected: "Hello there" });
    const width = model.info.nEmbd;
    for (const [side, answer] of ["Yes", "Hello there"].entries()) {
      const { before, response } = partsOf(model, answer);
      const states = hiddenStates(stored.model, wholeOf(model, answer, before.length + response.length)).at(-1) ?? [];
      expect(largestDifference([...values.subarray(side * width, (side + 1) * width)], [...states])).toBeLessThan(1e-2);
    }
  });

  it.each([
    ["says nothing where decoding writes it itself", mistral(" "), []],
    ["says so where decoding's prompt has it", lines(": ", ": "), ["REWARD_PROMPT_DIFFERS"]],
    ["says nothing where there is none", lines(":", ":"), []],
  ])("%s", async (_, chatTemplate, expected) => {
    const codes: unknown[] = [];
    const listen = (warning: Error & { code?: string }): void => void (warning.name === "ArgsearchWarning" && codes.push(warning.code));
    process.on("warning", listen);
    onTestFinished(() => void process.off("warning", listen));
    const options: LoadOptions = { policy: stored.path, reward: { reward: stored.path, chatTemplate }, chatTemplate, ...CPU };
    const decoder = await load(options);
    onTestFinished(() => decoder.dispose());
    const { tokens, rewards } = await decoder.generate(PROMPT, { maxTokens: 1, topK: 2 });
    const model = await modelOf(stored, chatTemplate);
    const decoded = rewardsAtEnd(stored.model, [...model.promptTokens(PROMPT, templateOf()), ...tokens]);
    expect(largestDifference(rewards, decoded)).toBeLessThan(Math.max(ROUNDING, 1e-3));
    await new Promise((resolve) => setImmediate(resolve));
    expect(codes).toEqual(expected);
  });
});
