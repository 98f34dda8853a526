/** Files that are not models, models that cannot play their role, and pairs that do not fit. The next load works. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { type ErrorCode, inspect, type LoadOptions, load, loadReward } from "../../src/index.js";
import { ALL_BYTES, ByteVocabulary } from "../helpers/byte-vocabulary.js";
import { type GgufContent, type GgufValue, writeGguf } from "../helpers/gguf-writer.js";
import { expectError } from "./expect-error.js";
import { TINY, tinyEncoder, tinyModel, tinyRecurrent } from "./tiny-model.js";

const folder = mkdtempSync(join(tmpdir(), "argsearch-errors-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const CPU = { gpu: false, threads: 1 } as const;

let files = 0;
function stored(content: GgufContent | string | Buffer): string {
  const path = join(folder, `${++files}.gguf`);
  if (typeof content === "string" || Buffer.isBuffer(content)) writeFileSync(path, content);
  else writeGguf(path, content);
  return path;
}

const good = stored(tinyModel());

const changed = (metadata: Record<string, GgufValue>, content = tinyModel()): GgufContent => ({
  ...content,
  metadata: { ...content.metadata, ...metadata },
});
const floats = (value: number[]): GgufValue => ({ type: "f32[]", value });

/** What went wrong is over: the good pair loads and decodes in the same process. */
afterEach(async () => {
  const decoder = await load({ policy: good, reward: good, ...CPU });
  const { tokens } = await decoder.generate("hello", { template: "none", topK: 3, maxTokens: 2 });
  expect(tokens).toHaveLength(2);
  await decoder.dispose();
});

describe("not a model's file", () => {
  const unreadable = stored(tinyModel());
  chmodSync(unreadable, 0o000);
  mkdirSync(join(folder, "folder.gguf"));

  const cases: [what: string, path: string, code: ErrorCode, message: RegExp][] = [
    ["no such file", join(folder, "missing.gguf"), "FILE_NOT_FOUND", /no such file: .*missing\.gguf; check the path/],
    ["a file taken for a folder", join(good, "inside.gguf"), "FILE_NOT_FOUND", /no such file|Not a directory/i],
    ["a directory", join(folder, "folder.gguf"), "NOT_A_FILE", /not a file; give the path of a \.gguf file/],
    ["an empty file", stored(""), "NOT_GGUF", /not a GGUF file/],
    ["a text", stored("Once upon a time"), "NOT_GGUF", /not a GGUF file .*Fetch it again, or convert it/],
    ["another magic word", stored(Buffer.from("GGML\u0003\u0000\u0000\u0000")), "NOT_GGUF", /not a GGUF file/],
    ["a magic word and nothing else", stored("GGUF"), "MODEL_INVALID", /damaged or cut short/],
    ["a version to come", stored(Buffer.from("GGUF\u00ff\u0000\u0000\u0000".padEnd(64, "\0"), "latin1")), "MODEL_INVALID", /version/],
    ["a big-endian file", stored(Buffer.from("GGUF\0\0\0\u0003".padEnd(64, "\0"), "latin1")), "MODEL_INVALID", /endian/],
  ];
  if (process.getuid?.() !== 0 && process.platform !== "win32") {
    cases.push(["a file without permission to read", unreadable, "FILE_UNREADABLE", /ermission denied/]);
  }

  test.each(cases)("%s", async (_, path, code, message) => {
    await expectError(() => load({ policy: path, ...CPU }), code, message);
    await expectError(() => load({ policy: good, reward: path, ...CPU }), code, message);
    await expectError(() => inspect(path), code, message);
  });
});

describe("a model that cannot be used", () => {
  const encoder = stored(tinyEncoder());
  const recurrent = stored(tinyRecurrent());
  const architecture = (value: string) => stored(changed({ "general.architecture": { type: "string", value } }));

  test.each<[what: string, options: LoadOptions, code: ErrorCode, message: RegExp]>([
    [
      "of an unknown architecture",
      { policy: architecture("nonsense") },
      "MODEL_UNSUPPORTED",
      /does not know the architecture "nonsense"\. A newer one may/,
    ],
    ["of no architecture", { policy: architecture("") }, "MODEL_UNSUPPORTED", /names no architecture/],
    [
      "without a vocabulary",
      { policy: stored(changed({ "tokenizer.ggml.model": { type: "string", value: "none" } })) },
      "MODEL_UNSUPPORTED",
      /no vocabulary/,
    ],
    ["an encoder as policy", { policy: encoder }, "MODEL_UNSUPPORTED", /"bert"/],
    ["an encoder as reward model", { policy: encoder, reward: encoder }, "MODEL_UNSUPPORTED", /"bert"/],
  ])("%s", async (_, options, code, message) => {
    await expectError(() => load({ ...options, ...CPU }), code, message);
  });

  test("recurrent models are none of them", async () => {
    const decoder = await load({ policy: recurrent, reward: recurrent, ...CPU });
    const first = await decoder.generate("hello", { template: "none", maxTokens: 3 });
    const again = await decoder.generate("hello", { template: "none", maxTokens: 3 });
    expect(again.tokens).toEqual(first.tokens);
    await decoder.dispose();
  });

  test("a recurrent policy cannot look ahead: auto never does, a number is refused", async () => {
    const decoder = await load({ policy: recurrent, reward: good, ...CPU });
    const options = { template: "none", topK: 3, maxTokens: 8 } as const;
    const plain = await decoder.generate("hello", options);
    const auto = await decoder.generate("hello", { ...options, lookahead: "auto" });
    expect(auto).toMatchObject({ tokens: plain.tokens, lookahead: { windows: 0 } });
    await expectError(() => decoder.generate("hello", { ...options, lookahead: 4 }), "MODEL_UNSUPPORTED", /recurrent.*look ahead/);
    await decoder.dispose();
  });

  test("an encoder to score with", async () => {
    const judge = await loadReward({ reward: encoder, ...CPU });
    await expectError(() => judge.score({ prompt: "a", response: "b" }, { template: "none" }), "MODEL_UNSUPPORTED", /"bert"/);
    await judge.dispose();
  });
});

describe("a reward head", () => {
  const width = TINY.embedding;
  const ones = Array<number>(width).fill(1);
  const WEIGHT = "argsearch.reward.head.weight";

  test.each<[what: string, head: Record<string, GgufValue>, code: ErrorCode, message: RegExp]>([
    ["too short", { [WEIGHT]: floats(ones.slice(1)) }, "REWARD_HEAD_INVALID", /31 weights; the model's hidden state has 32/],
    ["too long", { [WEIGHT]: floats([...ones, 1]) }, "REWARD_HEAD_INVALID", /33 weights/],
    ["empty", { [WEIGHT]: floats([]) }, "REWARD_HEAD_MISSING", /argsearch reward attach/],
    ["of NaN", { [WEIGHT]: floats(ones.map(() => Number.NaN)) }, "REWARD_HEAD_INVALID", /not finite/],
    ["of infinity", { [WEIGHT]: floats([...ones.slice(1), Number.POSITIVE_INFINITY]) }, "REWARD_HEAD_INVALID", /not finite/],
    ["of another type", { [WEIGHT]: { type: "i32[]", value: ones } }, "MODEL_INVALID", /must be an f32 array/],
    ["with a bias of NaN", { "argsearch.reward.head.bias": { type: "f32", value: Number.NaN } }, "REWARD_HEAD_INVALID", /not finite/],
    ["with two biases", { "argsearch.reward.head.bias": floats([1, 2]) }, "REWARD_HEAD_INVALID", /2\s+values/],
    ["with a scale of 0", { "argsearch.reward.scale": { type: "f32", value: 0 } }, "REWARD_HEAD_INVALID", /scale of 0/],
    ["with a shift of NaN", { "argsearch.reward.shift": { type: "f32", value: Number.NaN } }, "REWARD_HEAD_INVALID", /not finite/],
    [
      "with too many labels",
      { "argsearch.reward.labels": { type: "string[]", value: ["a", "b"] } },
      "REWARD_HEAD_INVALID",
      /1 rows, but 2 labels/,
    ],
  ])("%s", async (_, head, code, message) => {
    const path = stored(changed(head));
    await expectError(() => load({ policy: good, reward: path, ...CPU }), code, message);
    await expectError(() => loadReward({ reward: path, ...CPU }), code, message);
  });

  test("none", async () => {
    const path = stored(tinyModel({ labels: undefined }));
    await expectError(
      () => load({ policy: good, reward: path, ...CPU }),
      "REWARD_HEAD_MISSING",
      /has no reward head. Attach one with "argsearch reward attach"/,
    );
    await expectError(() => loadReward({ reward: path, ...CPU }), "REWARD_HEAD_MISSING", path);
  });

  test("a label that it does not have", async () => {
    const reward = { reward: good, labels: { safety: 1 } };
    await expectError(() => load({ policy: good, reward, ...CPU }), "OPTION_INVALID", /no label "safety"; it has reward/);
  });
});

describe("vocabularies that differ", () => {
  const shuffled = new ByteVocabulary(Buffer.from("bacdefghijklmnopqrstuvwxyz0123456789 .,:;!?'\"()-\nABCDEHIST"));
  test.each([
    ["in size", ALL_BYTES, /\d+ tokens against \d+/],
    ["in one token", shuffled, /token 0 is "b" against "a"|token 0 is "a" against "b"/],
  ])("%s", async (_, vocabulary, message) => {
    const path = stored(tinyModel({ vocabulary }));
    await expectError(() => load({ policy: good, reward: path, ...CPU }), "VOCABULARY_MISMATCH", message);
    await expectError(() => loadReward({ reward: [good, path], ...CPU }), "VOCABULARY_MISMATCH", message);
  });
});

describe("a model whose tokens see those after them", () => {
  const { metadata, tensors } = tinyModel();
  const path = stored({ metadata: { ...metadata, "llama.attention.causal": { type: "bool", value: false } }, tensors });
  const message = /architecture "llama" lets tokens see those after them \(attention\.causal is false\)/;
  test.each<[role: string, work: () => Promise<unknown>]>([
    ["policy", () => load({ policy: path, ...CPU })],
    ["reward model", () => load({ policy: good, reward: path, ...CPU })],
    [
      "reward model to score with",
      async () => {
        const judge = await loadReward({ reward: path, ...CPU });
        await judge.score({ prompt: "a", response: "b" }, { template: "none" }).finally(() => judge.dispose());
      },
    ],
  ])("is no %s", async (_, work) => {
    await expectError(work, "MODEL_UNSUPPORTED", message);
  });
});

describe("weights", () => {
  /** A third of the rows of the projection: their logits are NaN among others that are not. */
  test.each([
    ["all, of NaN", 1],
    ["some, of NaN", 3],
  ])("%s, are found before llama.cpp's samplers sort logits", async (_, every) => {
    const { metadata, tensors } = tinyModel({ vocabulary: ALL_BYTES });
    const spoilt = tensors.map((tensor) => {
      if (tensor.name !== "output.weight") return tensor;
      return {
        ...tensor,
        data: tensor.data.map((value, index) => (Math.floor(index / TINY.embedding) % every === 0 ? Number.NaN : value)),
      };
    });
    const decoder = await load({ policy: stored({ metadata, tensors: spoilt }), ...CPU });
    for (const topK of [0, 1, 200]) {
      const options = { template: "none", method: "sample", topK } as const;
      await expectError(() => decoder.generate("hello", options), "DECODE_FAILED", /not finite numbers. The file is damaged/);
    }
    await decoder.dispose();
  });

  test("of NaN are found while decoding", async () => {
    const { metadata, tensors } = tinyModel();
    const path = stored({ metadata, tensors: tensors.map((each) => ({ ...each, data: each.data.map(() => Number.NaN) })) });
    const decoder = await load({ policy: path, ...CPU });
    await expectError(() => decoder.generate("hello", { template: "none" }), "DECODE_FAILED", /not finite numbers. The file is damaged/);
    await decoder.dispose();
    const guided = await load({ policy: good, reward: path, ...CPU });
    await expectError(() => guided.generate("hello", { template: "none" }), "DECODE_FAILED", /not a finite number/);
    const text = { prompt: "a", response: "b" };
    const fault = /\.gguf: a reward is not a finite number\. The file is damaged\.$/;
    await expectError(() => guided.score(text, { template: "none" }), "DECODE_FAILED", fault);
    await guided.dispose();
    const mixed = await load({ policy: good, reward: [path, (candidates) => candidates.map(() => 1)], ...CPU });
    await expectError(() => mixed.score(text, { template: "none" }), "DECODE_FAILED", fault);
    await mixed.dispose();
  });
});
