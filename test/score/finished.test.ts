/** What stands before an answer: in a finished conversation, and while it is decoded. Against brute force in float64. */
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { binding } from "../../src/engine/binding.js";
import { openEngine } from "../../src/engine/engine.js";
import { resolveEngine } from "../../src/engine/options.js";
import { PairReader } from "../../src/fit/reader.js";
import { attachReward } from "../../src/import/index.js";
import {
  type ChatMessage,
  inspect,
  type LoadOptions,
  load,
  loadReward,
  type RewardContext,
  type RewardModel,
  type ScoreOptions,
} from "../../src/index.js";
import { loadModels } from "../../src/model/load-models.js";
import { contextFor, resolveModel } from "../../src/model/options.js";
import { templateOf } from "../../src/model/template-options.js";
import { EOS_TEXT, SIXTY_TOKENS } from "../helpers/byte-vocabulary.js";
import { modelFolder } from "../helpers/model-folder.js";
import { hiddenStates, rewardsAtEnd } from "../helpers/reference-llama.js";
import { largestDifference } from "../helpers/rounding.js";

/** As Qwen3's: the last answer of a finished conversation begins with thoughts, empty ones if need be; a prompt does not. */
const THINKING =
  "{% for m in messages %}{{ m.role[0] }}: " +
  "{% if m.role == 'assistant' and loop.last %}({{ m.reasoning_content }}){% endif %}{{ m.content | trim }}" +
  `${EOS_TEXT}\n{% endfor %}{% if add_generation_prompt %}a: {% if thoughts is false %}(){% endif %}{% endif %}`;
const PLAIN = `{% for m in messages %}{{ m.role[0] }}: {{ m.content }}${EOS_TEXT}\n{% endfor %}{% if add_generation_prompt %}a: {% endif %}`;

const CPU = { gpu: false, threads: 1 } as const;
const ERROR = 1e-4;
const { bos, eos } = SIXTY_TOKENS;
const encode = (text: string): number[] => SIXTY_TOKENS.encode(text);

const folder = modelFolder();
const policy = folder.write({ seed: 11, chatTemplate: PLAIN });
const thinker = folder.write({ seed: 12, labels: ["reward"], chatTemplate: THINKING });
const plain = folder.write({ seed: 13, labels: ["reward"], chatTemplate: PLAIN });
let thinking: RewardModel;

beforeAll(async () => {
  thinking = await loadReward({ reward: thinker.path, ...CPU });
});
afterAll(() => thinking.dispose());

/** u: go, the end of that turn, and what begins the next. */
const BEFORE = [bos, ...encode("u: go"), eos, ...encode("\na: ")];

/** Rewards after each token, from the whole text each time. */
function rewards(model: typeof thinker.model, before: readonly number[], response: readonly number[]): number[] {
  return response.map((_, index) => rewardsAtEnd(model, [...before, ...response.slice(0, index + 1)])[0] ?? Number.NaN);
}

async function scored(response: string | ChatMessage, options: ScoreOptions = {}, model = thinking) {
  return model.score({ prompt: "go", response }, options);
}

describe("score() reads an answer", () => {
  it("behind what the template writes before it in the finished conversation", async () => {
    const found = await scored("yes");
    const expected = rewards(thinker.model, [...BEFORE, ...encode("()")], encode("yes"));
    expect(found.tokens.map(({ text }) => text).join("")).toBe("yes");
    expect(
      largestDifference(
        found.tokens.map(({ reward }) => reward),
        expected,
      ),
    ).toBeLessThan(ERROR);
    expect(found.reward).toBe(found.tokens.at(-1)?.reward);
  });

  it("as it is given, spaces included, though the template trims it", async () => {
    const found = await scored(" yes ");
    const expected = rewards(thinker.model, [...BEFORE, ...encode("()")], encode(" yes "));
    expect(
      largestDifference(
        found.tokens.map(({ reward }) => reward),
        expected,
      ),
    ).toBeLessThan(ERROR);
  });

  it("behind thoughts of its own", async () => {
    const found = await scored({ role: "assistant", content: "yes", reasoning_content: "hm" });
    const expected = rewards(thinker.model, [...BEFORE, ...encode("(hm)")], encode("yes"));
    expect(
      largestDifference(
        found.tokens.map(({ reward }) => reward),
        expected,
      ),
    ).toBeLessThan(ERROR);
  });

  it("behind the prompt alone where the template does not write it as it is", async () => {
    const shouting = await loadReward({
      reward: { reward: plain.path, chatTemplate: PLAIN.replace("m.content", "m.content | upper | lower | reverse") },
      ...CPU,
    });
    onTestFinished(() => shouting.dispose());
    const found = await scored("yes", {}, shouting);
    const before = [bos, ...encode("u: og"), eos, ...encode("\na: ")];
    expect(
      largestDifference(
        found.tokens.map(({ reward }) => reward),
        rewards(plain.model, before, encode("yes")),
      ),
    ).toBeLessThan(ERROR);
  });

  it("refuses one that is no answer", async () => {
    await expect(scored({ role: "assistant", content: [{ type: "image" }] } as never)).rejects.toMatchObject({ code: "INPUT_INVALID" });
    await expect(scored({ role: "assistant", tool_calls: [{}] })).rejects.toMatchObject({ code: "INPUT_INVALID" });
  });
});

describe("the whole response's reward", () => {
  it("is read at its last token, or where its turn ends", async () => {
    const before = [...BEFORE, ...encode("()")];
    const [last, end] = [await scored("yes", { rewardAt: "last" }), await scored("yes", { rewardAt: "end" })];
    expect(last.reward).toBeCloseTo(rewardsAtEnd(thinker.model, [...before, ...encode("yes")])[0] ?? 0, 4);
    expect(end.reward).toBeCloseTo(rewardsAtEnd(thinker.model, [...before, ...encode("yes"), eos])[0] ?? 0, 4);
    expect(end.objectives).toEqual({ reward: end.reward });
    expect(end.tokens).toEqual(last.tokens.map((token) => ({ ...token, reward: expect.closeTo(token.reward, 4) as number })));
    expect((await scored("yes")).reward).toBe(last.reward);
  });

  it("ends a raw text with the vocabulary's end token", async () => {
    const { reward } = await thinking.score({ text: "so" }, { rewardAt: "end" });
    expect(reward).toBeCloseTo(rewardsAtEnd(thinker.model, [bos, ...encode("so"), eos])[0] ?? 0, 4);
  });

  it("is read where the file says, each model's by itself", async () => {
    const out = join(dirname(plain.path), "end.gguf");
    const { weight = [], bias = [] } = plain.model.head ?? {};
    await attachReward({ model: plain.path, out, head: { weight: [...weight], bias: [...bias], position: "end" } });
    expect((await inspect(out)).rewardHead).toMatchObject({ position: "end", notes: {} });
    const both = await loadReward({ reward: [out, thinker.path], ...CPU });
    onTestFinished(() => both.dispose());
    const { objectives, reward } = await scored("yes", {}, both);
    const [first = 0, second = 0] = Object.values(objectives);
    expect(first).toBeCloseTo(rewardsAtEnd(plain.model, [...BEFORE, ...encode("yes"), eos])[0] ?? 0, 4);
    expect(second).toBeCloseTo(rewardsAtEnd(thinker.model, [...BEFORE, ...encode("()yes")])[0] ?? 0, 4);
    expect(reward).toBeCloseTo(first + second, 5);
    const last = await scored("yes", { rewardAt: "last" }, both);
    expect(Object.values(last.objectives)[0]).toBeCloseTo(rewardsAtEnd(plain.model, [...BEFORE, ...encode("yes")])[0] ?? 0, 4);
  });

  it.each([
    [{ rewardAt: "eos" }, 'rewardAt must be "last" or "end", got "eos"'],
    [{ rewardAt: 1 }, 'rewardAt must be "last" or "end", got 1'],
  ])("is read nowhere else: %o", async (options, message) => {
    await expect(scored("yes", options as never)).rejects.toMatchObject({ code: "OPTION_INVALID", message });
  });
});

describe("decoding", () => {
  async function decoding(options: LoadOptions, work: (decoder: Awaited<ReturnType<typeof load>>) => Promise<void>): Promise<Error[]> {
    const warnings: Error[] = [];
    const listen = (warning: Error): void => void warnings.push(warning);
    process.on("warning", listen);
    const decoder = await load({ policy: policy.path, ...CPU, ...options });
    try {
      await work(decoder);
      await new Promise((resolve) => setImmediate(resolve));
    } finally {
      await decoder.dispose();
      process.off("warning", listen);
    }
    return warnings.filter(({ name }) => name === "ArgsearchWarning");
  }

  it("reads rewards behind the prompt, and says once where score() reads another", async () => {
    const warnings = await decoding({ reward: [thinker.path, plain.path] }, async (decoder) => {
      const { tokens, objectives } = await decoder.generate("go", { maxTokens: 3 });
      const found = objectives[Object.keys(objectives)[0] ?? ""] ?? [];
      expect(largestDifference(found, rewards(thinker.model, BEFORE, tokens))).toBeLessThan(ERROR);
      await decoder.generate("go on", { maxTokens: 1 });
    });
    expect(warnings.map((warning) => (warning as NodeJS.ErrnoException).code)).toEqual(["REWARD_PROMPT_DIFFERS"]);
    expect(warnings[0]?.message).toContain(
      `the chat template of ${thinker.path} puts "" before an answer that is being decoded, and "()" before one in a finished conversation`,
    );
  });

  it("says nothing where both agree", async () => {
    const warnings = await decoding({ reward: [thinker.path, plain.path] }, async (decoder) => {
      const options = { templateVariables: { thoughts: false } };
      const { text, rewards: decoded } = await decoder.generate("go", { maxTokens: 4, ending: "never", ...options });
      const { tokens } = await decoder.score({ prompt: "go", response: text }, options);
      expect(
        largestDifference(
          tokens.map(({ reward }) => reward),
          decoded,
        ),
      ).toBeLessThan(ERROR);
      await decoder.generate("go", { template: "none", maxTokens: 1 });
    });
    expect(warnings).toEqual([]);
  });

  it("shows reward functions texts, whatever the messages hold", async () => {
    const seen: unknown[] = [];
    const watch = (candidates: readonly unknown[], { prompt }: RewardContext): number[] => {
      seen.push(prompt);
      return candidates.map(() => 0);
    };
    const messages: ChatMessage[] = [
      { role: "assistant", content: null, tool_calls: [1] },
      { role: "user", content: [{ type: "text", text: "go" }] },
    ];
    await decoding({ reward: watch }, async (decoder) => {
      await decoder.generate({ messages, tools: [] }, { maxTokens: 1 });
      await decoder.score({ prompt: messages, response: "y" });
    });
    const texts = [
      { ...messages[0], content: "" },
      { role: "user", content: "go" },
    ];
    expect(seen).toEqual([{ messages: texts, tools: [] }, texts]);
  });
});

describe("fitReward() reads pairs", () => {
  it("behind what each answer's finished conversation begins with", async () => {
    openEngine(resolveEngine({}));
    const options = resolveModel("test", { ...CPU });
    const [model] = await loadModels([{ path: thinker.path }], options);
    if (model === undefined) throw new Error("nothing was loaded");
    const context = contextFor(options, [model.info]);
    const scorer = await binding().createScorer({ ...context, model: model.native, sequences: 2 });
    onTestFinished(async () => {
      await scorer.dispose();
      model.dispose();
    });
    const reader = new PairReader({ model, scorer, contextSize: context.contextSize, template: templateOf(), signal: undefined });
    const { values } = await reader.read({
      prompt: "go",
      chosen: "yes",
      rejected: { role: "assistant", content: "no", reasoning_content: "hm" },
    });
    const width = model.info.nEmbd;
    const expected = [encode("()yes"), encode("(hm)no")].map((text) => hiddenStates(thinker.model, [...BEFORE, ...text]).at(-1) ?? []);
    // Both sides' rows at the end of the text come before those at the end of the turn.
    expect(values.length).toBe(4 * width);
    for (const [side, states] of expected.entries()) {
      expect(largestDifference([...values.subarray(side * width, (side + 1) * width)], [...states])).toBeLessThan(1e-3);
    }
  });
});
