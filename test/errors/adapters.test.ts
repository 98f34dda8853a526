/** LoRA adapters that cannot be added to a model: each is told, and none ends the process. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { binding } from "../../src/engine/binding.js";
import { ArgsearchError, type ErrorCode, type LoadOptions, load, loadReward } from "../../src/index.js";
import { encodeGguf, encodeHeader, type GgufContent, type GgufTensor, type GgufValue } from "../helpers/gguf-writer.js";
import { adapterMetadata, randomAdapter } from "../helpers/lora.js";
import { modelFolder } from "../helpers/model-folder.js";
import { Random } from "../helpers/random.js";
import { expectError } from "./expect-error.js";

const LOCAL = { gpu: false, threads: 1 } as const;
const directory = mkdtempSync(join(tmpdir(), "argsearch-adapters-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const folder = modelFolder();
const model = folder.write({ seed: 91 });
const tied = folder.write({ seed: 92, tied: true });
const wide = folder.write({ seed: 93, embedding: 48, heads: 6 });
const short = folder.write({ seed: 94, layers: 1 });
const { content } = randomAdapter(model.model, { seed: 1, layers: ["query"] });
const [a, b, ...others] = content.tensors;

let files = 0;
function stored(bytes: Buffer): string {
  const path = join(directory, `${++files}.gguf`);
  writeFileSync(path, bytes);
  return path;
}

const written = (given: Partial<GgufContent>): string => stored(encodeGguf({ ...content, ...given }));
const changed = (metadata: Record<string, GgufValue>): string => written({ metadata: { ...content.metadata, ...metadata } });
const text = (value: string): GgufValue => ({ type: "string", value });
const zeros = (name: string, shape: number[]): GgufTensor => ({
  name,
  shape,
  data: new Float32Array(shape.reduce((count, size) => count * size, 1)),
});
const pair = (name: string, inputs: number, outputs: number): GgufTensor[] => [
  zeros(`${name}.lora_a`, [inputs, 2]),
  zeros(`${name}.lora_b`, [2, outputs]),
];

/** Tensors of whole numbers, of which ggml has no product. */
function ofIntegers(): string {
  const infos = content.tensors.map(({ name, shape, data }) => ({ name, shape, type: 26, bytes: data.byteLength }));
  return stored(Buffer.concat([encodeHeader(content.metadata, infos), Buffer.alloc(1 << 16)]));
}

const { embedding: width } = model.model.shape;
const rows = model.model.vocabulary.size;
const CASES: [what: string, path: string, code: ErrorCode, message: RegExp, of?: string][] = [
  ["that is not there", join(directory, "nowhere.gguf"), "FILE_NOT_FOUND", /no such file: .*nowhere\.gguf/],
  ["that is a folder", directory, "NOT_A_FILE", /is not a file/],
  ["that is no GGUF", stored(Buffer.from("adapter")), "NOT_GGUF", /is not a GGUF file/],
  ["that is a whole model", model.path, "MODEL_INVALID", /is no adapter.*A whole model is named as the reward itself/],
  ["whose kind is a number", changed({ "general.type": { type: "u32", value: 1 } }), "MODEL_INVALID", /is no adapter/],
  ["of another kind", changed({ "adapter.type": text("ia3") }), "MODEL_UNSUPPORTED", /is no LoRA/],
  [
    "that begins in the middle",
    changed({ "adapter.alora.invocation_tokens": { type: "i32[]", value: [1] } }),
    "MODEL_UNSUPPORTED",
    /aLoRA/,
  ],
  [
    "of another architecture",
    changed({ "general.architecture": text("qwen2") }),
    "MODEL_UNSUPPORTED",
    /of the architecture "qwen2", but .*1\.gguf is "llama"/,
  ],
  ["whose alpha is no number", changed({ "adapter.lora.alpha": text("6") }), "MODEL_INVALID", /adapter\.lora\.alpha is no finite f32/],
  ["whose alpha is infinite", written({ metadata: adapterMetadata(Number.POSITIVE_INFINITY) }), "MODEL_INVALID", /no finite f32/],
  ["without tensors", written({ tensors: [] }), "MODEL_INVALID", /changes nothing/],
  ["cut short", stored(encodeGguf(content).subarray(0, -64)), "MODEL_INVALID", /cut short/],
  ["with half a pair", written({ tensors: [a, ...others] }), "MODEL_UNSUPPORTED", /missing one component/],
  ["with norms", written({ tensors: [...content.tensors, zeros("blk.0.attn_norm.weight", [width])] }), "MODEL_UNSUPPORTED", /leave out/],
  [
    "for a vector, which nothing multiplies by",
    written({ tensors: pair("blk.0.attn_norm.weight", width, 1) }),
    "MODEL_UNSUPPORTED",
    /nothing reads its tensor blk\.0\.attn_norm\.weight\.lora_a/,
  ],
  ["of whole numbers", ofIntegers(), "MODEL_UNSUPPORTED", /is of the type i32/],
  ["of three dimensions", written({ tensors: [zeros(a.name, [width, 3, 2]), b] }), "MODEL_INVALID", /has a wrong shape/],
  ["of two ranks", written({ tensors: [a, zeros(b.name, [4, width])] }), "MODEL_UNSUPPORTED", /is not transposed/],
  ["of a deeper model", written({}), "MODEL_UNSUPPORTED", /blk\.1\.attn_q\.weight, which .* does not have/, short.path],
  ["of another width", written({}), "MODEL_UNSUPPORTED", /incorrect shape/, wide.path],
  [
    "for embeddings that are the vocabulary projection as well",
    written({
      tensors: [zeros("token_embd.weight.lora_a", [2, rows]), zeros("token_embd.weight.lora_b", [2, width])],
    }),
    "MODEL_UNSUPPORTED",
    /llama\.cpp cannot apply this adapter/,
    tied.path,
  ],
];

describe("an adapter", () => {
  it.for(CASES)("%s", async ([, path, code, message, reward = model.path]) => {
    const term = { reward, adapter: path, kind: "autoregressive" } as const;
    await expectError(() => load({ ...LOCAL, policy: model.path, reward: term }), code, message);
    await expectError(() => loadReward({ ...LOCAL, reward: term }), code, path);
  });

  it("where a policy or a reward is wanted names its place", async () => {
    const path = written({});
    await expectError(() => load({ ...LOCAL, policy: path }), "MODEL_UNSUPPORTED", /--reward BASE --reward-adapter/);
    await expectError(() => loadReward({ ...LOCAL, reward: path }), "MODEL_UNSUPPORTED", /\{ reward: BASE, adapter \}/);
  });

  it.for<[what: string, reward: LoadOptions["reward"], message: RegExp]>([
    ["a function's", { reward: () => [0], adapter: "a.gguf" }, /reward\.adapter is of models' files/],
    ["a server's", { reward: { url: "http://localhost:1", api: "vllm" }, adapter: "a.gguf" }, /reward\.adapter is of models' files/],
    ["a question's", { reward: { ask: "Is it polite?" }, adapter: "a.gguf" }, /reward\.adapter is of models' files/],
    ["no path", { reward: model.path, adapter: "" }, /reward\.adapter/],
    ["a contrast with itself", { reward: model.path, base: model.path }, /must not be the reward's own file.*without an adapter/],
  ])("%s", async ([, reward, message]) => {
    await expectError(() => load({ ...LOCAL, policy: model.path, reward }), "OPTION_INVALID", message);
  });
});

describe("whatever a damaged adapter holds", () => {
  const bytes = encodeGguf(randomAdapter(model.model, { seed: 2, output: true }).content);
  const header = bytes.indexOf("output.weight.lora_b") + 64;
  beforeAll(async () => {
    await (await load({ ...LOCAL, policy: model.path, reward: null })).dispose();
  });

  it("it loads, or a typed error names the file", async () => {
    const random = new Random(7);
    const loaded = await binding().loadModel({ path: model.path, gpuLayers: 0, backend: "CPU" }, null);
    let refused = 0;
    for (let round = 0; round < 150; round++) {
      const damaged = Buffer.from(bytes);
      for (let flips = random.integer(1, 3); flips > 0; flips--) damaged[random.integer(4, header)] = random.integer(0, 255);
      const path = stored(damaged);
      try {
        (await binding().adaptModel(loaded, path)).dispose();
      } catch (error) {
        refused++;
        expect(new ArgsearchError((error as ArgsearchError).code, (error as Error).message)).toMatchObject({
          code: expect.stringMatching(/^(MODEL_INVALID|MODEL_UNSUPPORTED|NOT_GGUF|OUT_OF_MEMORY)$/),
          message: expect.stringContaining(path),
        });
      }
      rmSync(path);
    }
    loaded.dispose();
    expect(refused).toBeGreaterThan(50);
  });
});
