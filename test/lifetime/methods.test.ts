/** Every public method in every state: it works, or it is the error that the state calls for, and nobody else suffers. */
import { readdirSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, describe, expect, test } from "vitest";
import { evaluate } from "../../src/evaluate/index.js";
import { fitReward } from "../../src/fit/index.js";
import { attachReward, convertOpt } from "../../src/import/index.js";
import {
  type Decoder,
  devices,
  generateFile,
  generateLines,
  inspect,
  type LoadOptions,
  load,
  loadReward,
  type ResponseStream,
  type RewardModel,
  scoreFile,
  scoreLines,
} from "../../src/index.js";
import { modelFolder } from "../helpers/model-folder.js";
import { LONG_PROMPT, slowPair } from "./models.js";

const { policy, reward } = slowPair(modelFolder());
const CPU = { gpu: false, threads: 1 } as const;
const SHORT = { template: "none", topK: 3, maxTokens: 3 } as const;
const NONE = { template: "none" } as const;
const input = { prompt: "hello", response: "there" };
const lines = (): Readable => Readable.from([JSON.stringify(input)]);
const prompts = (): Readable => Readable.from(['{"prompt":"hello"}']);

type Outcome = "works" | "BUSY" | "DISPOSED";

async function outcomeOf(work: () => unknown): Promise<unknown> {
  try {
    await work();
    return "works";
  } catch (error) {
    return (error as { code?: unknown }).code ?? error;
  }
}

interface Expected {
  idle: Outcome;
  running: Outcome;
  disposing: Outcome;
  disposed: Outcome;
}

const STATES = ["idle", "running", "disposing", "disposed"] as const;

const whileOpen: Expected = { idle: "works", running: "works", disposing: "DISPOSED", disposed: "DISPOSED" };
const always: Expected = { ...whileOpen, disposing: "works", disposed: "works" };
const needsTheSlot: Expected = { ...whileOpen, running: "BUSY" };

interface Owner {
  readonly disposed: boolean;
  dispose(): Promise<void>;
}

/** What each method does in each state of an object that `open` makes and `work` keeps busy. */
function matrix<T extends Owner>(
  title: string,
  open: () => Promise<T>,
  work: (owner: T) => Promise<unknown>,
  methods: Record<string, [call: (owner: T) => unknown, expected: Expected]>,
): void {
  const cells = Object.entries(methods).flatMap(([name, [call, expected]]) =>
    STATES.map((state) => ({ name, state, call, expected: expected[state] })),
  );
  describe(title, () => {
    test.each(cells)("$name while $state", async ({ name, state, call, expected }) => {
      const owner = await open();
      const ended = state === "running" || state === "disposing" ? outcomeOf(() => work(owner)) : undefined;
      const disposal = state === "disposing" || state === "disposed" ? owner.dispose() : undefined;
      if (state === "disposed") await disposal;

      expect(await outcomeOf(() => call(owner))).toBe(expected);

      const disposes = disposal !== undefined || name === "dispose" || name === "Symbol.asyncDispose";
      expect(await ended).toBe(ended && (disposes ? "DISPOSED" : "works"));
      await owner.dispose();
      expect(owner.disposed).toBe(true);
    });
  });
}

const openDecoder = (): Promise<Decoder> => load({ policy: policy.path, reward: reward.path, ...CPU });
const openIsolated = (): Promise<Decoder> => load({ policy: policy.path, reward: reward.path, isolate: true, ...CPU });
const decode = (decoder: Decoder) => decoder.generate(LONG_PROMPT, SHORT);

/** One step, and the slot given back. */
async function leave(stream: ResponseStream): Promise<void> {
  await stream.next();
  await stream.return({} as never);
}

const decoderMethods: Parameters<typeof matrix<Decoder>>[3] = {
  generate: [(decoder) => decoder.generate("hello", SHORT), whileOpen],
  "generate, with onStep": [(decoder) => decoder.generate("hello", { ...SHORT, onStep: () => {} }), whileOpen],
  stream: [(decoder) => leave(decoder.stream("hello", SHORT)), whileOpen],
  "stream's result": [(decoder) => decoder.stream("hello", SHORT).result, whileOpen],
  "stream, begun before": [(decoder) => decoder.stream("hello", SHORT), always],
  generateAll: [(decoder) => decoder.generateAll(["hello", "there"], SHORT), whileOpen],
  score: [(decoder) => decoder.score(input, NONE), whileOpen],
  "score of many": [(decoder) => decoder.score([input, input], NONE), whileOpen],
  scoreFile: [(decoder) => scoreFile(decoder, lines(), NONE), whileOpen],
  scoreLines: [(decoder) => scoreLines(decoder, lines(), NONE).next(), whileOpen],
  generateFile: [(decoder) => generateFile(decoder, prompts(), SHORT), needsTheSlot],
  generateLines: [(decoder) => generateLines(decoder, prompts(), SHORT).next(), needsTheSlot],
  clear: [(decoder) => decoder.clear(0), needsTheSlot],
  tokenize: [(decoder) => decoder.tokenize("hello"), whileOpen],
  detokenize: [(decoder) => decoder.detokenize([1, 2]), whileOpen],
  countTokens: [(decoder) => decoder.countTokens("hello", NONE), whileOpen],
  render: [(decoder) => decoder.render("hello", NONE), whileOpen],
  counters: [(decoder) => decoder.counters(), whileOpen],
  cacheBytes: [(decoder) => decoder.cacheBytes(), whileOpen],
  info: [(decoder) => decoder.info.policy.nVocab, always],
  disposed: [(decoder) => decoder.disposed, always],
  dispose: [(decoder) => decoder.dispose(), always],
  "Symbol.asyncDispose": [(decoder) => decoder[Symbol.asyncDispose](), always],
};
matrix("Decoder", openDecoder, decode, decoderMethods);
matrix("isolated Decoder", openIsolated, decode, decoderMethods);

const openJudge = (): Promise<RewardModel> => loadReward({ reward: reward.path, ...CPU });
const openIsolatedJudge = (): Promise<RewardModel> => loadReward({ reward: reward.path, isolate: true, ...CPU });
const judge = (owner: RewardModel) => owner.score({ prompt: LONG_PROMPT, response: "yes" }, NONE);

const judgeMethods: Parameters<typeof matrix<RewardModel>>[3] = {
  score: [(owner) => owner.score(input, NONE), whileOpen],
  "score of many": [(owner) => owner.score([input, input], NONE), whileOpen],
  scoreFile: [(owner) => scoreFile(owner, lines(), NONE), whileOpen],
  scoreLines: [(owner) => scoreLines(owner, lines(), NONE).next(), whileOpen],
  info: [(owner) => owner.info.contextSize, always],
  disposed: [(owner) => owner.disposed, always],
  dispose: [(owner) => owner.dispose(), always],
  "Symbol.asyncDispose": [(owner) => owner[Symbol.asyncDispose](), always],
};
matrix("RewardModel", openJudge, judge, judgeMethods);
matrix("isolated RewardModel", openIsolatedJudge, judge, judgeMethods);

const pairs = Array.from({ length: 12 }, (_, index) => ({ prompt: "a", chosen: "b".repeat(1 + index), rejected: "c" }));
const out = `${policy.path}.rm.gguf`;
const opt = join(dirname(policy.path), "opt");
const evaluation = { policy: policy.path, reward: reward.path, data: ["a"], methods: ["greedy"], maxTokens: 2, ...NONE, ...CPU } as const;

matrix("what needs no decoder, with one beside it", openDecoder, decode, {
  devices: [() => devices({ gpu: false }), always],
  inspect: [() => inspect(policy.path), always],
  attachReward: [() => attachReward({ model: policy.path, head: { weight: Array(128).fill(0) }, out }), always],
  convertOpt: [() => convertOpt({ model: opt, out: `${policy.path}.opt.gguf`, type: "q8_0", gpu: false }), always],
  fitReward: [() => fitReward({ model: policy.path, pairs, out, heldOut: 0, ...NONE, ...CPU }), always],
  evaluate: [() => evaluate(evaluation), always],
});

describe("a conversion that is aborted", () => {
  test.each(["f32", "q8_0"] as const)("to %s is ABORTED at any moment, and leaves nothing", async (type) => {
    const out = `${policy.path}.aborted-${type}.gguf`;
    const convert = (signal: AbortSignal) => outcomeOf(() => convertOpt({ model: opt, out, type, gpu: false, signal }));
    const start = performance.now();
    expect(await convert(new AbortController().signal)).toBe("works");
    const whole = performance.now() - start;
    rmSync(out);
    const outcomes: unknown[] = [];
    for (let part = 0; part < 1; part += 0.1) {
      const controller = new AbortController();
      setTimeout(() => controller.abort(), part * whole);
      outcomes.push(await convert(controller.signal));
      rmSync(out, { force: true });
      expect(readdirSync(dirname(out)).filter((name) => name.startsWith(basename(out)))).toEqual([]);
    }
    expect(outcomes).toContain("ABORTED");
    expect(outcomes.filter((outcome) => outcome !== "ABORTED" && outcome !== "works")).toEqual([]);
  });
});

test.each<[queue: LoadOptions["queue"], third: Outcome]>([
  [undefined, "works"],
  [false, "BUSY"],
])("generate in two slots while both are free, one is taken, and none is (queue: %j)", async (queue, third) => {
  const decoder = await load({ policy: policy.path, reward: reward.path, ...CPU, slots: 2, queue });
  const outcomes = [1, 2, 3].map((seed) => outcomeOf(() => decoder.generate("hello", { ...SHORT, seed })));
  expect(await Promise.all(outcomes)).toEqual(["works", "works", third]);
  await decoder.dispose();
});

describe("while something loads", () => {
  const options: LoadOptions = { policy: policy.path, reward: reward.path, ...CPU };
  const idle = load(options);
  afterAll(async () => (await idle).dispose());

  test.each<[string, () => unknown]>([
    ["load", async () => (await load(options)).dispose()],
    ["loadReward", async () => (await loadReward({ reward: reward.path, ...CPU })).dispose()],
    ["generate", async () => (await idle).generate("hello", SHORT)],
    ["devices", () => devices({ gpu: false })],
    ["inspect", () => inspect(policy.path)],
    ["attachReward", () => attachReward({ model: policy.path, head: { weight: Array(128).fill(0) }, out: `${policy.path}.rm.gguf` })],
  ])("%s works", async (_, call) => {
    const loading = [load(options), load(options)];
    expect(await outcomeOf(call)).toBe("works");
    for (const decoder of await Promise.all(loading)) await decoder.dispose();
  });
});

describe("dispose()", () => {
  const options: LoadOptions = { policy: policy.path, reward: reward.path, ...CPU };

  test("drains: what runs has ended when it resolves", async () => {
    const decoder = await load({ ...options, slots: 2 });
    const work = [
      decoder.generate(LONG_PROMPT, SHORT),
      decoder.generate("hello", { ...SHORT, maxTokens: 1000, ending: "never" }),
      decoder.score(input, NONE),
    ];
    let ended = 0;
    for (const each of work)
      each.then(
        () => ended++,
        () => ended++,
      );
    await decoder.dispose();
    await new Promise(setImmediate);
    expect(ended).toBe(work.length);
  });

  test("does not wait for a reward function that never answers", async () => {
    const decoder = await load({ ...options, reward: () => new Promise<number[]>(() => {}) });
    const generated = decoder.generate("hello", SHORT);
    const outcome = outcomeOf(() => generated);
    await decoder.dispose();
    expect(await outcome).toBe("DISPOSED");
  });

  test("ends a stream between two steps, and a waiting generateAll", async () => {
    const decoder = await load(options);
    const stream = decoder.stream("hello", SHORT);
    await stream.next();
    const waiting = decoder.generateAll(["a", "b"], SHORT);
    const outcome = outcomeOf(() => waiting);
    await decoder.dispose();
    expect(await outcomeOf(() => stream.next())).toBe("DISPOSED");
    expect(await outcome).toBe("DISPOSED");
  });

  test("of one decoder leaves another on the same files alone", async () => {
    const [first, second] = await Promise.all([load(options), load(options)]);
    const { tokens } = await first.generate("hello", SHORT);
    await first.dispose();
    expect((await second.generate("hello", SHORT)).tokens).toEqual(tokens);
    await second.dispose();
  });
});

describe("score() with a reward function that never answers", () => {
  const never = [reward.path, () => new Promise<number[]>(() => {})];
  const openers: [string, () => Promise<Decoder | RewardModel>][] = [
    ["Decoder", () => load({ policy: policy.path, reward: never, ...CPU })],
    ["RewardModel", () => loadReward({ reward: never, ...CPU })],
  ];

  test.each(openers)("of a %s ends with its signal", async (_, open) => {
    const owner = await open();
    const controller = new AbortController();
    const scored = owner.score(input, { ...NONE, signal: controller.signal });
    setTimeout(() => controller.abort(), 50);
    expect(await outcomeOf(() => scored)).toBe("ABORTED");
    await owner.dispose();
  });

  test.each(openers)("of a %s ends with dispose()", async (_, open) => {
    const owner = await open();
    const scored = owner.score([input, input], NONE);
    const outcome = outcomeOf(() => scored);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await owner.dispose();
    expect(await outcome).toBe("DISPOSED");
  });
});
