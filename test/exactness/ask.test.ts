/** Questions as rewards, against plain softmax of an independent model behind the conversation as its template writes it. */
import { describe, expect, it, vi } from "vitest";
import { binding, type NativePrefixReader } from "../../src/engine/binding.js";
import { type GenerateOptions, type LoadOptions, load, loadReward, type Prompt, type RewardFunction } from "../../src/index.js";
import { ByteVocabulary } from "../helpers/byte-vocabulary.js";
import { modelFolder } from "../helpers/model-folder.js";
import type { RandomModel } from "../helpers/random-model.js";
import { nextLogProbs } from "../helpers/reference-llama.js";
import { largestDifference } from "../helpers/rounding.js";

/** What is drawn of it is a text. */
const ASCII = new ByteVocabulary([10, ...Array(95).keys()].map((byte, at) => (at === 0 ? byte : byte + 32)));
const ERROR = 1e-4;
const QUESTION = "Is it polite?";
const OTHER = "Is it brief?";
const PROMPT = "How do I sail?";
/** The bos comes of the tokenizer. */
const chatTemplate =
  "{% for m in messages %}[{{ m.role }}]{{ m.content }}{{ eos_token }}{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}";
const SHAPE = { vocabulary: ASCII, layers: 2, embedding: 32, heads: 2, kvHeads: 1, feedForward: 64, contextLength: 1024, chatTemplate };
const folder = modelFolder();
const policy = folder.write({ seed: 151, ...SHAPE });
const judge = folder.write({ seed: 152, ...SHAPE });
const head = folder.write({ seed: 153, ...SHAPE, labels: ["reward"] });
const OPTIONS = { policy: policy.path, gpu: false, threads: 1 } as const satisfies LoadOptions;

const { bos, eos } = ASCII;
const turn = (role: string, text: string): number[] => [...ASCII.encode(`[${role}]${text}`), eos];

/** ln P of the words' first bytes that the other has not: those of " Yes" and " No" are one and the same. */
function expected(model: RandomModel, before: readonly number[], question = QUESTION, words = ["yes", "no"]): number {
  const asked = turn("user", `${question}\n\nAnswer with one word, ${words[0]} or ${words[1]}.`);
  const logProbs = nextLogProbs(model, [bos, ...before, ...asked, ...ASCII.encode("[assistant]")]);
  const [yes, no] = words.map((word) => {
    const first = [word.slice(0, 1).toLowerCase(), word.slice(0, 1).toUpperCase()].map((each) => ASCII.encode(each)[0]);
    return first.reduce((sum, token) => sum + Math.exp(logProbs[token]), 0);
  });
  return yes / (yes + no);
}

/** What the first of two texts and the second begin with. */
function commonStart(first: string, second: string): string {
  const differs = [...first].findIndex((letter, at) => letter !== second[at]);
  return differs < 0 ? first : first.slice(0, differs);
}

const instructed = (question: string): string => `${question}\n\nAnswer with one word, yes or no.`;
const behind = (prompt: string, reply: string): number[] => [...turn("user", prompt), ...turn("assistant", reply)];

describe("score()", () => {
  it("is the policy's own probability of yes against no", async () => {
    await using decoder = await load({ ...OPTIONS, reward: { ask: QUESTION } });
    for (const response of ["By the wind.", "no", " "]) {
      const scored = await decoder.score({ prompt: PROMPT, response });
      expect(scored.reward).toBeCloseTo(expected(policy.model, behind(PROMPT, response)), 4);
      expect(scored.tokens).toEqual([]);
    }
    expect(decoder.info).toMatchObject({ objectives: [QUESTION], rewards: [] });
  });

  it("sums questions to a judge, of another vocabulary or not, with heads and functions", async () => {
    const reward: LoadOptions["reward"] = [
      { reward: { ask: QUESTION, model: judge.path }, weight: 2 },
      { ask: `${OTHER} ${"really ".repeat(9)}`, answers: ["ja", "Nein"] },
      { ask: QUESTION, name: "own" },
      head.path,
      ([{ response }]) => [response.length],
    ];
    await using decoder = await load({ ...OPTIONS, reward });
    const { objectives, reward: sum } = await decoder.score({ prompt: PROMPT, response: "By the wind." });
    const before = behind(PROMPT, "By the wind.");
    const name = "Is it brief? really really really…";
    expect(Object.keys(objectives)).toEqual(["reward", QUESTION, name, "own", "function"]);
    const found = [objectives[QUESTION], objectives[name], objectives.own];
    const wanted = [
      expected(judge.model, before),
      expected(policy.model, before, `${OTHER} ${"really ".repeat(9)}`.trim(), ["ja", "Nein"]),
      expected(policy.model, before),
    ];
    expect(largestDifference(found, wanted)).toBeLessThan(ERROR);
    const [a, b, c] = found as [number, number, number];
    expect(sum).toBeCloseTo((objectives.reward ?? 0) + 2 * a + b + c + 12, 9);
  });

  it("reads the whole conversation, in a template of the term's own, where control tokens that are spelled out are text", async () => {
    const prompt: Prompt = [
      { role: "system", content: "Be kind." },
      { role: "user", content: "Hi<|eos|>" },
      { role: "assistant", content: "Ahoy" },
      { role: "user", content: [{ type: "text", text: "And now?" }] },
    ];
    await using model = await loadReward({
      reward: { ask: QUESTION, model: judge.path, chatTemplate: chatTemplate.replaceAll("[", "<").replaceAll("]", ">") },
      gpu: false,
      threads: 1,
    });
    const response = "Sail<|eos|>[user]yes";
    const written = [...prompt.slice(0, 3), { role: "user", content: "And now?" }, { role: "assistant", content: response }];
    const asked = [...written, { role: "user", content: instructed(QUESTION) }] as {
      role: string;
      content: string;
    }[];
    const tokens = asked.flatMap(({ role, content }) => [...ASCII.encode(`<${role}>${content}`), eos]);
    const logProbs = nextLogProbs(judge.model, [bos, ...tokens, ...ASCII.encode("<assistant>")]);
    const [yes, no] = ["yY", "nN"].map((letters) => ASCII.encode(letters).reduce((sum, token) => sum + Math.exp(logProbs[token]), 0));
    expect((await model.score({ prompt, response })).reward).toBeCloseTo(yes / (yes + no), 4);
  });

  it("puts the question below a text without a conversation", async () => {
    await using model = await loadReward({ reward: { ask: QUESTION, model: judge.path }, gpu: false, threads: 1 });
    const text = "The sea is calm.";
    const { reward } = await model.score({ text });
    expect(reward).toBeCloseTo(expected(judge.model, [], `${text}\n\n${QUESTION}`), 4);
  });
});

describe("blocks", () => {
  const BLOCKS = {
    method: "blocks",
    block: 6,
    drafts: 5,
    maxTokens: 18,
    seed: 4,
    logitBias: { [eos]: false },
  } as const satisfies GenerateOptions;

  /** Sees all drafts, and wants nothing. */
  function watching(): { seen: string[][]; reward: RewardFunction } {
    const seen: string[][] = [];
    const reward: RewardFunction = (candidates) => {
      seen.push(candidates.map(({ response }) => response));
      return candidates.map(() => 0);
    };
    return { seen, reward };
  }

  it.each([{ block: 6 }, { block: "response" }] as const)("keep the draft that brute force would, with %o", async (options) => {
    const { seen, reward } = watching();
    await using decoder = await load({ ...OPTIONS, reward: [{ ask: QUESTION, model: judge.path }, reward] });
    const { text, rewards } = await decoder.generate(PROMPT, { ...BLOCKS, ...options });
    expect(seen).toHaveLength(options.block === 6 ? 3 : 1);
    const kept = seen.map((drafts) => {
      const values = drafts.map((draft) => expected(judge.model, behind(PROMPT, draft)));
      return { draft: drafts[values.indexOf(Math.max(...values))], value: Math.max(...values) };
    });
    expect(text).toBe(kept.at(-1)?.draft);
    for (const { draft } of kept) expect(text.startsWith(draft ?? "?")).toBe(true);
    expect(
      largestDifference(
        rewards.filter((each) => each !== null),
        kept.map(({ value }) => value),
      ),
    ).toBeLessThan(ERROR);
  });

  it("decode conversation and reply once, and each question anew", async () => {
    const made: Promise<NativePrefixReader>[] = [];
    const create = binding().createPrefixReader;
    vi.spyOn(binding(), "createPrefixReader").mockImplementation((options) => {
      made.push(create(options));
      return made.at(-1) as Promise<NativePrefixReader>;
    });
    const { seen, reward } = watching();
    await using decoder = await load({ ...OPTIONS, reward: [{ ask: QUESTION }, { ask: OTHER }, reward] });
    vi.restoreAllMocks();
    await decoder.generate(PROMPT, BLOCKS);
    expect(made).toHaveLength(1);
    const asked = (draft: string, question: string): string =>
      String.fromCharCode(bos, ...behind(PROMPT, draft), ...turn("user", instructed(question)), ...ASCII.encode("[assistant]"));
    let held = "";
    let wanted = 0;
    for (const drafts of seen) {
      const texts = drafts.flatMap((draft) => [QUESTION, OTHER].map((question) => asked(draft, question)));
      const common = texts.reduce(commonStart);
      const beginnings = texts.flatMap((text) => Array.from({ length: text.length - 1 }, (_, at) => text.slice(0, at + 1)));
      const behindCommon = new Set(beginnings.filter(({ length }) => length > common.length));
      // The last token of each is its own: it is read.
      wanted += common.length - commonStart(held, common).length + behindCommon.size + texts.length;
      held = common;
    }
    expect((await (made[0] as Promise<NativePrefixReader>)).counters().tokens).toBe(wanted);
  });

  it("of several responses at once are those of each alone", async () => {
    await using decoder = await load({ ...OPTIONS, reward: { ask: QUESTION }, slots: 3 });
    const prompts = [PROMPT, "How do I swim?", "Where to?"];
    const together = await decoder.generateAll(prompts, BLOCKS);
    for (const [at, prompt] of prompts.entries()) {
      await using alone = await load({ ...OPTIONS, reward: { ask: QUESTION } });
      const { seed } = together[at] as { seed: number };
      expect((await alone.generate(prompt, { ...BLOCKS, seed })).text).toBe(together[at]?.text);
    }
  });
});

it("is the same in a process of its own, where functions of the parent stay with it", async () => {
  const reward: LoadOptions["reward"] = [
    { reward: { ask: QUESTION, model: judge.path }, weight: 3 },
    { ask: OTHER },
    (drafts) => drafts.map(() => 1),
  ];
  const found = [];
  for (const isolate of [false, true]) {
    await using decoder = await load({ ...OPTIONS, reward, isolate });
    const { text, objectives } = await decoder.generate(PROMPT, { method: "blocks", block: 5, drafts: 3, maxTokens: 10, seed: 2 });
    const scored = await decoder.score({ prompt: PROMPT, response: "aye" });
    await using model = await loadReward({ reward: { ask: QUESTION, model: judge.path }, gpu: false, threads: 1, isolate });
    found.push({ text, objectives, scored, info: decoder.info, alone: await model.score({ prompt: PROMPT, response: "aye" }) });
  }
  expect(found[1]).toEqual(found[0]);
});
