/** OPT conversion against OPT in plain arithmetic. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { binding } from "../../src/engine/binding.js";
import { convertOpt } from "../../src/import/index.js";
import { inspect, load } from "../../src/index.js";
import { multiply, OPT_WIDTH, optForward, type RandomOpt, randomOpt, writeOpt } from "../helpers/random-opt.js";

let dir: string;
let out: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "argsearch-opt-"));
  out = join(dir, "opt.gguf");
});
afterEach(() => rmSync(dir, { recursive: true }));

const IDS = [2, 20, 35, 4, 9, 36, 31, 12, 5, 5, 28, 17, 33, 8];

/** Rewards of every label at every token. */
async function rewardsOf(path: string, ids: readonly number[]): Promise<number[]> {
  const model = await binding().loadModel({ path, gpuLayers: 0, backend: "CPU" }, null);
  const scorer = await binding().createScorer({ model, contextSize: 64, sequences: 1, threads: 1, batchSize: 64, kvType: "f32" });
  const positions = Int32Array.from(ids, (_, at) => at);
  const [score] = await scorer.score([{ tokens: Int32Array.from(ids), positions }], false);
  await scorer.dispose();
  model.dispose();
  return [...(score?.rewards ?? [])];
}

function expectedRewards(model: RandomOpt, ids: readonly number[]): number[] {
  const head = Array.from(model.tensors["score.weight"]?.data as Float32Array);
  return optForward(model, ids).hidden.flatMap((hidden) => multiply(head, hidden));
}

function worst(a: readonly number[], b: readonly number[]): number {
  expect(a).toHaveLength(b.length);
  return Math.max(...a.map((value, at) => Math.abs(value - (b[at] as number))));
}

describe("convertOpt()", () => {
  // The rewards' deviation is about 1. Weights of 8 bits are off by 0.2 % each, and their errors add up over the layers.
  it.each([
    ["f32", 2e-5],
    ["f16", 1e-2],
    ["bf16", 8e-2],
    ["q8_0", 8e-2],
  ] as const)("%s gives OPT's rewards", async (type, tolerance) => {
    const model = randomOpt(5, 2);
    await convertOpt({ model: writeOpt(join(dir, "model"), model, 3), out, type });
    const difference = worst(await rewardsOf(out, IDS), expectedRewards(model, IDS));
    expect(difference).toBeLessThan(tolerance);
    const { rewardHead } = await inspect(out);
    expect(rewardHead).toMatchObject({ labels: ["label 0", "label 1"], nEmbd: OPT_WIDTH, notes: { source: "random/opt" } });
    expect(readdirSync(dir).sort()).toEqual(["model", "opt.gguf"]);
  });

  it.each([0.01, 0.3, 40])("f32 gives them where what goes into the activation spreads by %f", async (hidden) => {
    const model = randomOpt(5, 2, hidden);
    await convertOpt({ model: writeOpt(join(dir, "model"), model), out, type: "f32" });
    expect(worst(await rewardsOf(out, IDS), expectedRewards(model, IDS))).toBeLessThan(2e-5);
  });

  it.each([
    ["f32", 2e-5],
    ["q8_0", 1.5e-1],
  ] as const)("%s gives OPT's log-probabilities", async (type, tolerance) => {
    const model = randomOpt(6);
    const { reward } = await convertOpt({ model: writeOpt(join(dir, "model"), model), out, type });
    expect(reward).toBe(false);
    await using decoder = await load({ policy: out, reward: null, gpu: false, kvType: "f32", contextSize: 64 });
    const { tokens, logProbs } = await decoder.generate("the cat sat, on", { method: "greedy", template: "none", maxTokens: 12 });
    let before = await promptIds(out, "the cat sat, on");
    expect(before.map((id) => model.vocabulary[id])).toEqual(["</s>", "the", ..."Ġcat", ..."Ġsat,", ..."Ġon"]);
    const expected = tokens.map((token) => {
      const { logits } = optForward(model, before);
      before = [...before, token];
      const most = Math.max(...logits);
      return (logits[token] as number) - most - Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - most), 0));
    });
    expect(worst(logProbs, expected)).toBeLessThan(tolerance);
  });

  it("takes the value head of a language model, and the one that is named", async () => {
    const model = randomOpt(11, 1);
    const { "score.weight": score, ...trunk } = model.tensors;
    const config = { ...model.config, architectures: ["OPTForCausalLM"], id2label: undefined };
    const head = { "v_head.summary.weight": score, "v_head.summary.bias": { shape: [1], data: Float32Array.of(0.5) } };
    writeOpt(join(dir, "model"), { ...model, config, tensors: { ...trunk, ...head } });
    expect(await convertOpt({ model: join(dir, "model"), out, type: "f32" })).toMatchObject({ reward: true });
    const expected = expectedRewards(model, IDS).map((reward) => reward + 0.5);
    expect(worst(await rewardsOf(out, IDS), expected)).toBeLessThan(2e-5);

    writeOpt(join(dir, "model"), { ...model, config, tensors: { ...trunk, ...head, "mine.weight": score } });
    expect(await convertOpt({ model: join(dir, "model"), out, type: "f32", tensor: "mine.weight" })).toMatchObject({ reward: true });
    expect(worst(await rewardsOf(out, IDS), expectedRewards(model, IDS))).toBeLessThan(2e-5);
    const none = convertOpt({ model: join(dir, "model"), out, tensor: "none.weight" });
    await expect(none).rejects.toMatchObject({ code: "REWARD_HEAD_MISSING" });
  });

  it.each([
    // 64,000 fits F16, 128,000 does not.
    ["the values that can come up, where they may be added up in F16", 1000, "f16", 64],
    ["the values that can come up, where they may be added up in F16", 1000, "q8_0", 64],
    ["no values where they are added up in F32", 1000, "f32", 65_536],
    ["no values where they are added up in F32", 1000, "bf16", 65_536],
  ] as const)("S shrinks with %s: a bias of %i in %s", async (_, value, type, reluScale) => {
    const model = randomOpt(7, 1);
    const bias = model.tensors["model.decoder.layers.1.fc1.bias"]?.data as Float32Array;
    bias[0] = value;
    writeOpt(join(dir, "model"), model);
    expect(await convertOpt({ model: join(dir, "model"), out, type })).toMatchObject({ reluScale });
    expect((await rewardsOf(out, IDS)).every(Number.isFinite)).toBe(true);
  });

  it.each(["f32", "f16", "q8_0"] as const)("S shrinks with the weights, which are F16 on some GPUs in every format: %s", async (type) => {
    const model = randomOpt(7, 1);
    const weight = model.tensors["model.decoder.layers.0.fc1.weight"]?.data as Float32Array;
    weight.set([6000], 40);
    writeOpt(join(dir, "model"), model);
    const { reluScale } = await convertOpt({ model: join(dir, "model"), out, type });
    expect(reluScale * 6000).toBeLessThan(65_504);
    expect((await rewardsOf(out, IDS)).every(Number.isFinite)).toBe(true);
    if (type === "f32") expect(reluScale).toBe(8);
  });

  it("S is 1 where even that is much", async () => {
    const model = randomOpt(7, 1);
    const bias = model.tensors["model.decoder.layers.0.fc1.bias"]?.data as Float32Array;
    bias.fill(1e6);
    expect(await convertOpt({ model: writeOpt(join(dir, "model"), model), out, type: "f16" })).toMatchObject({ reluScale: 1 });
  });

  it.each([
    ["opt-350m's projection", { word_embed_proj_dim: 16 }, "MODEL_UNSUPPORTED"],
    ["post-norm", { do_layer_norm_before: false }, "MODEL_UNSUPPORTED"],
    ["another activation", { activation_function: "gelu" }, "MODEL_UNSUPPORTED"],
    ["another architecture", { architectures: ["LlamaForCausalLM"] }, "MODEL_UNSUPPORTED"],
    ["no layers given", { num_hidden_layers: null }, "INPUT_INVALID"],
    ["more layers than there are", { num_hidden_layers: 3 }, "MODEL_INVALID"],
    ["other sizes than there are", { ffn_dim: 100 }, "MODEL_INVALID"],
    ["several architectures", { architectures: ["OPTForCausalLM", "OPTModel"] }, "INPUT_INVALID"],
    ["a reward model without a head", { architectures: ["OPTForSequenceClassification"] }, "REWARD_HEAD_MISSING"],
  ])("refuses %s, and leaves nothing", async (_, change, code) => {
    const model = randomOpt(8);
    writeOpt(join(dir, "model"), { ...model, config: { ...model.config, ...change } });
    await expect(convertOpt({ model: join(dir, "model"), out })).rejects.toMatchObject({ code });
    expect(readdirSync(dir)).toEqual(["model"]);
  });

  it("refuses weights that are not finite, and a head of another width", async () => {
    const model = randomOpt(9, 1);
    (model.tensors["model.decoder.layers.0.fc2.weight"]?.data as Float32Array)[5] = Number.NaN;
    writeOpt(join(dir, "model"), model);
    const convert = convertOpt({ model: join(dir, "model"), out });
    await expect(convert).rejects.toMatchObject({ code: "MODEL_INVALID", message: expect.stringContaining("layers.0.fc2.weight[5]") });
    model.tensors["score.weight"] = { shape: [1, 3], data: Float32Array.of(1, 2, 3) };
    writeOpt(join(dir, "model"), model);
    await expect(convertOpt({ model: join(dir, "model"), out })).rejects.toMatchObject({ code: "REWARD_HEAD_INVALID" });
    expect(readdirSync(dir)).toEqual(["model"]);
  });

  it.each([
    ["a layer that OPT does not have", "model.decoder.layers.0.adapter.weight", Float32Array.of(1)],
    ["a projection of the embeddings", "model.decoder.project_in.weight", Float32Array.of(1)],
    ["a norm before the head", "score_norm.weight", Float32Array.of(1)],
    ["a scale of quantised weights", "model.decoder.layers.0.fc1.weight.absmax", Float32Array.of(1)],
    ["weights of 8 bits", "model.decoder.layers.0.fc1.weight", new Uint8Array(96 * OPT_WIDTH)],
  ])("refuses %s, which would not be applied", async (_, name, data) => {
    const model = randomOpt(13, 1);
    model.tensors[name] = { shape: [data.length], data };
    writeOpt(join(dir, "model"), model);
    const convert = convertOpt({ model: join(dir, "model"), out });
    await expect(convert).rejects.toMatchObject({ message: expect.stringContaining(name) });
    await expect(convert).rejects.toMatchObject({ code: name.startsWith("score") ? "REWARD_HEAD_INVALID" : "MODEL_UNSUPPORTED" });
    expect(readdirSync(dir)).toEqual(["model"]);
  });

  it("takes the row that counts", async () => {
    const model = randomOpt(14, 2);
    const { id2label: _, ...config } = model.config;
    writeOpt(join(dir, "model"), { ...model, config });
    const convert = (row?: [number, number]) => convertOpt({ model: join(dir, "model"), out, type: "f32", row });
    await expect(convert()).rejects.toMatchObject({ code: "REWARD_HEAD_INVALID", message: expect.stringContaining("--row") });
    await convert([1, 0]);
    const both = expectedRewards(model, IDS);
    const difference = IDS.map((_, at) => (both[2 * at + 1] as number) - (both[2 * at] as number));
    expect(worst(await rewardsOf(out, IDS), difference)).toBeLessThan(2e-5);
  });

  it("leaves an older file as it was where it cannot write", async () => {
    writeOpt(join(dir, "model"), randomOpt(10));
    const nowhere = convertOpt({ model: join(dir, "model"), out: join(dir, "no", "opt.gguf") });
    await expect(nowhere).rejects.toMatchObject({ code: "FILE_UNWRITABLE" });
    writeFileSync(out, "older");
    rmSync(join(dir, "model", "merges.txt"));
    await expect(convertOpt({ model: join(dir, "model"), out })).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
    expect(readFileSync(out, "utf8")).toBe("older");
    expect(readdirSync(dir).sort()).toEqual(["model", "opt.gguf"]);
  });
});

async function promptIds(path: string, text: string): Promise<number[]> {
  const model = await binding().loadModel({ path, gpuLayers: 0, backend: "CPU" }, null);
  const ids = [...model.tokenize(text, true, false)];
  model.dispose();
  return ids;
}
