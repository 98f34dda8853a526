/**
 * Models that keep a state instead of keys and values, in some layers or in all: whatever branches, cuts and shares is held to texts
 * that are decoded whole, each in a cache that held nothing before.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BeginOptions, binding, type NativeModel, type NativeScorer, type NativeSearch } from "../../src/engine/binding.js";
import { LABELLED, modelOf } from "../helpers/architectures.js";
import { SIXTY_TOKENS } from "../helpers/byte-vocabulary.js";
import { encodeGguf } from "../helpers/gguf-writer.js";
import { type Architecture, WIDTH } from "../helpers/layer-shapes.js";
import { beginOptions, loadNative, NATIVE_CONTEXT } from "../helpers/native.js";
import { RECURRENT } from "../helpers/recurrent.js";
import { largestDifference } from "../helpers/rounding.js";

const TEXTS = ["a tall ship sails at dawn.", "no wind", "the sea is calm, and so am i"];
const PROMPTS = TEXTS.map((text) => [...SIXTY_TOKENS.encode(text, { bos: true })]);
const LABELS = LABELLED.length;
/** Rewards here are logits, of some units. */
const ERROR = 1e-4;
/** With quantised weights, whose rounding depends on the batch; a wrong one is off by units. */
const COARSE = 0.3;

const folder = mkdtempSync(join(tmpdir(), "argsearch-recurrent-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What the model says behind a text that is decoded whole. */
interface Whole {
  hidden: number[];
  rewards: number[];
  logProbs: number[];
}

/** What policy and reward model see in a response so far. */
class Oracle {
  constructor(
    private readonly scorer: NativeScorer,
    private readonly projection: Float32Array,
  ) {}

  async read(tokens: readonly number[]): Promise<Whole> {
    const text = { tokens: Int32Array.from(tokens), positions: Int32Array.of(tokens.length - 1) };
    const [{ hidden = new Float32Array(), rewards }] = await this.scorer.score([text], true);
    const logits = Array.from({ length: SIXTY_TOKENS.size }, (_, token) =>
      hidden.reduce((sum, value, i) => sum + value * this.projection[token * WIDTH + i], 0),
    );
    const norm = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
    return { hidden: [...hidden], rewards: [...rewards], logProbs: logits.map((logit) => logit - norm) };
  }

  /** The rewards of the text with each of the tokens behind it. */
  async rewards(text: readonly number[], tokens: Iterable<number>): Promise<number[]> {
    const rewards: number[] = [];
    for (const token of tokens) rewards.push(...(await this.read([...text, token])).rewards);
    return rewards;
  }
}

describe.for(Object.entries<Architecture>(RECURRENT))("%s", ([which, architecture]) => {
  const content = modelOf(architecture, 7);
  const path = join(folder, `${which}.gguf`);
  let model: NativeModel;
  let scorer: NativeScorer;
  let oracle: Oracle;

  beforeAll(async () => {
    writeFileSync(path, encodeGguf(content));
    model = await loadNative(path);
    scorer = await binding().createScorer({ ...NATIVE_CONTEXT, model, sequences: 1 });
    const projection = content.tensors.find(({ name }) => name === "output.weight")?.data ?? new Float32Array();
    oracle = new Oracle(scorer, projection);
  });
  afterAll(async () => {
    await scorer.dispose();
    model.dispose();
  });

  async function withSearch<T>(slots: number, work: (search: NativeSearch) => Promise<T>): Promise<T> {
    const rewards = [{ model, weights: Float64Array.from(LABELLED, (_, label) => 1 + label) }];
    const search = await binding().createSearch({ ...NATIVE_CONTEXT, slots, policy: model, rewards });
    try {
      return await work(search);
    } finally {
      await search.dispose();
    }
  }

  /** Steps of all slots together, every candidate's numbers against the oracle's; how many had no rewards. */
  async function expectSteps(search: NativeSearch, texts: readonly number[][], steps: number): Promise<number> {
    let unrated = 0;
    const responses = texts.map((text) => [...text]);
    for (let step = 0; step < steps; step++) {
      const batch = await search.step(Int32Array.from(responses.keys()));
      for (const { slot, token, candidates } of batch.steps) {
        if (!candidates) throw new Error("no candidates");
        const before = responses[slot];
        const { logProbs } = await oracle.read(before);
        if (candidates.objectives.every(Number.isFinite)) {
          expect(largestDifference([...candidates.objectives], await oracle.rewards(before, candidates.tokens))).toBeLessThan(ERROR);
        } else {
          unrated++;
        }
        expect(
          largestDifference(
            [...candidates.logProbs],
            Array.from(candidates.tokens, (each) => logProbs[each]),
          ),
        ).toBeLessThan(ERROR);
        before.push(token);
      }
    }
    return unrated;
  }

  it.for<[name: string, slots: number, given: Partial<BeginOptions>]>([
    ["one slot", 1, {}],
    ["three slots", 3, {}],
    ["three slots, which leave out every second step", 3, { gate: { kind: "random", limit: 0.5 } }],
    ["more candidates than branches", 1, { topK: SIXTY_TOKENS.size, ending: "never" }],
  ])("steps of %s", ([, slots, given]) =>
    withSearch(slots, async (search) => {
      const texts = PROMPTS.slice(0, slots);
      for (const [slot, text] of texts.entries()) await search.begin(slot, beginOptions(text, { seed: slot, ...given }));
      const unrated = await expectSteps(search, texts, 5);
      expect(unrated > 0 && unrated < 5 * slots).toBe(given.gate !== undefined);
    }),
  );

  it("steps that JavaScript rates, of more candidates than branches", () =>
    withSearch(3, async (search) => {
      const responses = PROMPTS.map((text) => [...text]);
      const slots = Int32Array.from(responses.keys());
      for (const slot of slots) await search.begin(slot, beginOptions(responses[slot], { topK: SIXTY_TOKENS.size }));
      for (let step = 0; step < 3; step++) {
        const { steps } = await search.propose(slots);
        for (const { slot, candidates } of steps) {
          expect(
            largestDifference([...(candidates?.objectives ?? [])], await oracle.rewards(responses[slot], candidates?.tokens ?? [])),
          ).toBeLessThan(ERROR);
        }
        // The last candidate of each.
        const rewards = steps.map(({ candidates }) => Float64Array.from(candidates?.tokens ?? [], (_, rank) => 100 * rank));
        const committed = await search.commit(slots, rewards);
        for (const { slot, token } of committed.steps) responses[slot].push(token);
      }
    }));

  it("prompts that go on, are cut, and begin anew", () =>
    withSearch(2, async (search) => {
      const [first, second] = PROMPTS;
      await search.begin(1, beginOptions(second));
      for (const text of [first, [...first, 5, 6, 7], first.slice(0, 9), [...first.slice(0, 4), ...second], first]) {
        await search.begin(0, beginOptions(text));
        await expectSteps(search, [text], 2);
      }
      await search.begin(0, beginOptions(first));
      const { rewardCached, policyCached } = await search.begin(0, beginOptions([...first, 9]));
      expect([policyCached, rewardCached]).toEqual([first.length - 1, [first.length]]);
      await expectSteps(search, [[...first, 9], second], 2);
    }));

  it.for([
    ["as they are", { drafts: 4, kept: 4 }],
    ["with early dropping", { drafts: 5, kept: 2 }],
    ["in waves", { drafts: 20, kept: 17 }],
  ] as const)("drafts %s", ([, { drafts, kept }]) =>
    withSearch(2, async (search) => {
      const responses = PROMPTS.slice(0, 2).map((text) => [...text]);
      const blocks = { drafts, kept, mean: false, readAtEnd: LABELLED.map(() => true), stop: [] };
      const slots = Int32Array.from(responses.keys());
      for (const slot of slots) await search.begin(slot, beginOptions(responses[slot], { method: "blocks", seed: 3 + slot, blocks }));
      let rated = 0;
      for (let calls = 0; calls < 200 && rated < 8; calls++) {
        const batch = await search.draft(slots, Int32Array.of(4, 3));
        for (const { slot, drafts: found } of batch.slots) {
          for (const { tokens, objectives, policyLogProbs } of found) {
            const whole = await oracle.read([...responses[slot], ...tokens]);
            expect(largestDifference([...objectives], whole.rewards)).toBeLessThan(ERROR);
            const texts = Array.from(tokens, (_, i) => [...responses[slot], ...tokens.slice(0, i)]);
            const logProbs: number[] = [];
            for (const [i, text] of texts.entries()) logProbs.push((await oracle.read(text)).logProbs[tokens[i]]);
            expect(largestDifference([...policyLogProbs], logProbs)).toBeLessThan(ERROR);
          }
          if (found.length === 0) continue;
          rated++;
          const [{ steps }] = (await search.keep(Int32Array.of(slot), [new Float64Array(0)])).slots;
          responses[slot].push(...steps.map(({ token }) => token));
        }
      }
      expect(rated).toBeGreaterThanOrEqual(8);
    }),
  );

  // Processors with AMX multiply these in a kernel of their own.
  it.for(["f16", "q8_0"])("steps of several slots in %s", async (type) => {
    const coarse = join(folder, `${which}.${type}.gguf`);
    await binding().quantizeGguf(path, coarse, type, 1);
    const quantised = await loadNative(coarse);
    const rewards = [{ model: quantised, weights: Float64Array.from(LABELLED, () => 1) }];
    const search = await binding().createSearch({ ...NATIVE_CONTEXT, slots: 2, policy: quantised, rewards });
    const reader = await binding().createScorer({ ...NATIVE_CONTEXT, model: quantised, sequences: 1 });
    const responses = PROMPTS.slice(0, 2).map((text) => [...text]);
    for (const [slot, text] of responses.entries()) await search.begin(slot, beginOptions(text));
    for (let step = 0; step < 3; step++) {
      const { steps } = await search.step(Int32Array.of(0, 1));
      for (const { slot, token, candidates } of steps) {
        const wanted = await new Oracle(reader, new Float32Array()).rewards(responses[slot], candidates?.tokens ?? []);
        expect(largestDifference([...(candidates?.objectives ?? [])], wanted)).toBeLessThan(COARSE);
        responses[slot].push(token);
      }
    }
    await Promise.all([search.dispose(), reader.dispose()]);
    quantised.dispose();
  });

  it("texts that share beginnings, in batches of any size", async () => {
    const [a, b, c] = PROMPTS;
    const shared = [a, [...a, 5, 6], [...a, 5, 7, 8], [...a, 5, 7, 8, 9, 10], a.slice(0, 6), [...a.slice(0, 6), ...b], b, c, c, [4]];
    const texts = shared.map((tokens) => ({ tokens: Int32Array.from(tokens), positions: Int32Array.from(tokens.keys()) }));
    const wanted: Whole[][] = [];
    for (const tokens of shared) wanted.push(await Promise.all(tokens.map((_, end) => oracle.read(tokens.slice(0, end + 1)))));
    for (const [batchSize, sequences] of [
      [512, 16],
      [5, 4],
    ]) {
      const together = await binding().createScorer({ ...NATIVE_CONTEXT, batchSize, model, sequences });
      const found = await together.score(texts, true);
      const { tokens } = together.counters();
      await together.dispose();
      for (const [index, { hidden = [], rewards }] of found.entries()) {
        expect(
          largestDifference(
            [...hidden],
            wanted[index].flatMap((each) => each.hidden),
          ),
        ).toBeLessThan(ERROR);
        expect(
          largestDifference(
            [...rewards],
            wanted[index].flatMap((each) => each.rewards),
          ),
        ).toBeLessThan(ERROR);
        expect(rewards).toHaveLength(LABELS * shared[index].length);
      }
      // What is shared is decoded once.
      if (sequences >= shared.length) expect(tokens).toBe(a.length + 2 + 2 + 2 + b.length + (b.length - 1) + (c.length - 1) + 1);
    }
  });

  it("embeddings of several texts, as of each alone", async () => {
    const embedder = await binding().createEmbedder({ ...NATIVE_CONTEXT, model, pooling: "last", sequences: 4 });
    const texts = [...PROMPTS, PROMPTS[0].slice(0, 5)].map((text) => Int32Array.from(text));
    const together = await embedder.embed(texts);
    for (const [index, text] of texts.entries()) {
      const { hidden } = await oracle.read([...text]);
      const length = Math.hypot(...hidden);
      const alone = hidden.map((value) => value / length);
      expect(largestDifference([...together[index]], alone)).toBeLessThan(ERROR);
    }
    await embedder.dispose();
  });
});
