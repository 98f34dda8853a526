/** importReward() with a stand-in for Python; the converter itself is tested by test/slow/parity. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { convertHf, type ImportOptions, importReward } from "../../src/import/index.js";
import { inspect } from "../../src/index.js";
import { type GgufContent, writeGguf } from "../helpers/gguf-writer.js";
import { writeHfDirectory } from "../helpers/hf-directory.js";
import { writePythonStandIn } from "../helpers/python-stand-in.js";
import { ggufContent, randomModel, writeRandomModel } from "../helpers/random-model.js";
import { type SafeTensors, writeSafetensors } from "../helpers/safetensors-writer.js";

const WIDTH = 32;
const TRUNK: SafeTensors = {
  "model.embed_tokens.weight": { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) },
  "lm_head.weight": { shape: [1], data: Float32Array.of(1) },
};
const HEAD = Float32Array.from({ length: WIDTH }, (_, at) => at / 8);

const ONE_ROW: SafeTensors = { "score.weight": { shape: [1, WIDTH], data: HEAD } };

let dir: string;
let model: string;
let out: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "argsearch-import-"));
  model = join(dir, "model");
  out = join(dir, "out", "rm.gguf");
  mkdirSync(join(dir, "out"));
  mkdirSync(join(dir, "converter"));
  writeFileSync(join(dir, "converter", "convert_hf_to_gguf.py"), "");
  writePythonStandIn(dir);
  writeRandomModel(join(dir, "trunk.gguf"), { seed: 1, embedding: WIDTH });
  vi.stubEnv("FAKE_PYTHON", "convert");
  vi.stubEnv("FAKE_TRUNK", join(dir, "trunk.gguf"));
  vi.stubEnv("FAKE_ARGS", join(dir, "args.json"));
  write(ONE_ROW);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(dir, { recursive: true });
});

function write(head: SafeTensors, config: object = {}): void {
  const json = { architectures: ["LlamaForSequenceClassification"], model_type: "llama", hidden_size: WIDTH, ...config };
  writeHfDirectory(model, { config: json, tensors: { ...TRUNK, ...head } });
}

/** The converter writes a trunk that something was done to. */
function spoilTrunk(spoil: (content: GgufContent) => GgufContent): void {
  writeGguf(join(dir, "trunk.gguf"), spoil(ggufContent(randomModel({ seed: 1, embedding: WIDTH }))));
}

const without = (tensor: string) => (content: GgufContent) => ({
  ...content,
  tensors: content.tensors.filter(({ name }) => name !== tensor),
});

const run = (options: Partial<ImportOptions> = {}): Promise<void> =>
  importReward({ model, out, type: "f32", python: join(dir, "python"), converter: join(dir, "converter"), ...options });

const converterArgs = (): string[] => JSON.parse(readFileSync(join(dir, "args.json"), "utf8")) as string[];

describe.skipIf(process.platform === "win32")("importReward()", () => {
  it("has the trunk converted and attaches the head", async () => {
    const lines: string[] = [];
    await run({ onLog: (line) => lines.push(line) });
    const [script, , from, , ...flags] = converterArgs();
    expect(script).toMatch(/convert_trunk\.py$/);
    expect(from).toBe(model);
    expect(flags).toEqual(["--outtype", "f32", "--architecture", "LlamaForCausalLM", "--drop=score.weight"]);
    expect(lines).toEqual(["INFO:hf-to-gguf:Exporting model..."]);
    const { rewardHead } = await inspect(out);
    expect(rewardHead).toMatchObject({ labels: ["reward"], nEmbd: WIDTH, bias: [0], notes: { source: "model" } });
    expect(readdirSync(join(dir, "out"))).toEqual(["rm.gguf"]);
  });

  it("keeps labels, bias and where it came from, and quantises", async () => {
    const two = Float32Array.from([...HEAD, ...HEAD]);
    write(
      { "score.weight": { shape: [2, WIDTH], data: two }, "score.bias": { shape: [2], data: Float32Array.of(1, 2) } },
      { id2label: { 0: "helpful", 1: "safe" }, _name_or_path: "acme/rm" },
    );
    await run({ type: "q8_0", provenance: { dataset: "hh-rlhf", accuracy: 0.75 } });
    const { rewardHead, quantization } = await inspect(out);
    expect(quantization).toBe("Q8_0");
    expect(rewardHead).toMatchObject({
      labels: ["helpful", "safe"],
      bias: [1, 2],
      notes: { source: "acme/rm", dataset: "hh-rlhf", accuracy: 0.75 },
    });
    expect(readdirSync(join(dir, "out"))).toEqual(["rm.gguf"]);
  });

  it("reads TRL's value heads out of wrapped models without a projection", async () => {
    writeSafetensors(join(model, "model.safetensors"), {
      "pretrained_model.model.embed_tokens.weight": { shape: [1], data: Float32Array.of(1) },
      "v_head.summary.weight": { shape: [1, WIDTH], data: HEAD },
      "v_head.summary.bias": { shape: [1], data: Float32Array.of(0.5) },
    });
    await run();
    expect(converterArgs().slice(-4)).toEqual([
      "--drop=v_head.summary.weight",
      "--drop=v_head.summary.bias",
      "--prefix=pretrained_model.",
      "--tied",
    ]);
    expect((await inspect(out)).rewardHead?.bias).toEqual([0.5]);
  });

  it("reads PEFT's names where the model is merged", async () => {
    const saved = { "base_model.model.score.modules_to_save.default.weight": { shape: [1, WIDTH], data: HEAD } };
    const original = { "base_model.model.score.original_module.weight": { shape: [1, WIDTH], data: HEAD.map(() => 7) } };
    const layer = { "base_model.model.model.layers.0.mlp.up_proj.weight": { shape: [1], data: Float32Array.of(1) } };
    writeSafetensors(join(model, "model.safetensors"), { ...saved, ...original, ...layer });
    await run();
    expect(converterArgs().slice(-4)).toEqual([
      "--drop=base_model.model.score.modules_to_save.default.weight",
      "--drop=base_model.model.score.original_module.weight",
      "--prefix=base_model.model.",
      "--tied",
    ]);
    expect((await inspect(out)).rewardHead).toMatchObject({ nEmbd: WIDTH });
  });

  it.each(["_orig_mod.", "critic."])("takes %s off every name, as it was put there", async (prefix) => {
    const layer = { [`${prefix}model.layers.0.self_attn.q_proj.weight`]: { shape: [1], data: Float32Array.of(1) } };
    writeSafetensors(join(model, "model.safetensors"), { ...layer, [`${prefix}score.weight`]: { shape: [1, WIDTH], data: HEAD } });
    await run();
    expect(converterArgs().slice(-3)).toEqual([`--drop=${prefix}score.weight`, `--prefix=${prefix}`, "--tied"]);
  });

  it("hides statistics of rewards from the converter, and applies them", async () => {
    const of = (value: number) => ({ shape: [1], data: Float32Array.of(value) });
    write({ ...ONE_ROW, mean: of(0.5), std: of(2) }, { normalize_reward: true });
    await run();
    expect(converterArgs().slice(-3)).toEqual(["--drop=score.weight", "--drop=mean", "--drop=std"]);
    expect((await inspect(out)).rewardHead).toMatchObject({ shift: [0.5], scale: [2] });
  });

  it("takes the rows that count", async () => {
    const two = Float32Array.from([...HEAD, ...HEAD.map((value) => 2 * value)]);
    write({ "score.weight": { shape: [2, WIDTH], data: two } }, { id2label: { 0: "LABEL_0", 1: "LABEL_1" } });
    await expect(run()).rejects.toMatchObject({ code: "REWARD_HEAD_INVALID", message: expect.stringContaining("--row") });
    await run({ row: [1, 0] });
    expect((await inspect(out)).rewardHead).toMatchObject({ labels: ["reward"], nEmbd: WIDTH });
    await run({ labels: ["bad", "good"] });
    expect((await inspect(out)).rewardHead).toMatchObject({ labels: ["bad", "good"] });
  });

  it("keeps what config.json says of the source where a provenance says nothing of it", async () => {
    write(ONE_ROW, { _name_or_path: "acme/rm" });
    await run({ provenance: { source: undefined, dataset: "hh-rlhf" } });
    expect((await inspect(out)).rewardHead?.notes).toMatchObject({ source: "acme/rm", dataset: "hh-rlhf" });
  });

  it.each([
    [{}, "last"],
    [{ rewardAt: "end" }, "end"],
  ] as const)("keeps where the head reads a whole response: %o", async (options, position) => {
    write(ONE_ROW);
    await run(options);
    expect((await inspect(out)).rewardHead?.position).toBe(position);
    await expect(run({ rewardAt: "eos" as never })).rejects.toMatchObject({
      code: "OPTION_INVALID",
      message: expect.stringMatching(/rewardAt must be "last" or "end"/) as string,
    });
  });

  it("checks the provenance before it converts", async () => {
    await expect(run({ provenance: { accuracy: 68 } })).rejects.toMatchObject({ code: "OPTION_INVALID" });
    expect(() => converterArgs()).toThrow();
  });

  it("leaves a trunk's tensors that it does not know to the converter", async () => {
    const odd = { "model.smear_gate.weight": { shape: [1], data: Float32Array.of(1) } };
    write({ ...ONE_ROW, ...odd });
    await run();
    expect(converterArgs().slice(5)).toEqual(["f32", "--architecture", "LlamaForCausalLM", "--drop=score.weight"]);
    await run({ tensor: "score.weight" });
    expect(converterArgs().slice(5)).toEqual(["f32", "--architecture", "LlamaForCausalLM", "--drop=score.weight"]);
  });

  it.each([
    ["no head", () => write({}), "REWARD_HEAD_MISSING"],
    [
      "a second head of another name",
      () => write({ ...ONE_ROW, "cost_head.weight": { shape: [1], data: HEAD.slice(0, 1) } }),
      "REWARD_HEAD_INVALID",
    ],
    [
      "a norm before the head",
      () => write({ ...ONE_ROW, "score_norm.weight": { shape: [1], data: HEAD.slice(0, 1) } }),
      "REWARD_HEAD_INVALID",
    ],
    ["another count of labels", () => write(ONE_ROW, { num_labels: 2 }), "REWARD_HEAD_INVALID"],
    ["a quantised head", () => write({ "score.weight": { shape: [WIDTH], data: new Uint8Array(WIDTH) } }), "MODEL_UNSUPPORTED"],
    ["weights quantised in a way that the converter does not know", () => vi.stubEnv("FAKE_PYTHON", "quantised"), "MODEL_UNSUPPORTED"],
    ["several architectures", () => write(ONE_ROW, { architectures: ["LlamaForCausalLM", "Qwen2ForCausalLM"] }), "INPUT_INVALID"],
    ["a head of another width", () => write({ "score.weight": { shape: [1, 3], data: Float32Array.of(1, 2, 3) } }), "REWARD_HEAD_INVALID"],
    ["a head with NaN", () => write({ "score.weight": { shape: [1, WIDTH], data: HEAD.with(3, Number.NaN) } }), "REWARD_HEAD_INVALID"],
    [
      "a trunk with NaN",
      () =>
        write({
          "score.weight": { shape: [1, WIDTH], data: HEAD },
          "model.norm.weight": { shape: [1], data: Float32Array.of(Number.NaN) },
        }),
      "MODEL_INVALID",
    ],
    ["no config.json", () => rmSync(join(model, "config.json")), "FILE_NOT_FOUND"],
    ["a config.json that is not JSON", () => writeFileSync(join(model, "config.json"), "{"), "INPUT_INVALID"],
    ["no architecture", () => write({}, { architectures: undefined }), "INPUT_INVALID"],
    ["an OPT", () => write({}, { architectures: ["OPTForSequenceClassification"] }), "MODEL_UNSUPPORTED"],
    ["names for other rows than the head's", () => write(ONE_ROW, { id2label: { 0: "helpful", 1: "safe" } }), "REWARD_HEAD_INVALID"],
    ["an architecture of no decoder", () => write({}, { architectures: ["Mystery"] }), "MODEL_UNSUPPORTED"],
    ["no weights", () => rmSync(join(model, "model.safetensors")), "FILE_NOT_FOUND"],
    ["missing modules", () => vi.stubEnv("FAKE_PYTHON", "missing modules"), "TOOL_NOT_FOUND"],
    ["an architecture that the converter does not know", () => vi.stubEnv("FAKE_PYTHON", "unknown architecture"), "MODEL_UNSUPPORTED"],
    ["a full disk", () => vi.stubEnv("FAKE_PYTHON", "full disk"), "FILE_UNWRITABLE"],
    ["a converter that fails", () => vi.stubEnv("FAKE_PYTHON", "crash"), "CONVERSION_FAILED"],
    ["a broken Python", () => vi.stubEnv("FAKE_PYTHON", "broken"), "TOOL_NOT_FOUND"],
    ["an old Python", () => vi.stubEnv("FAKE_PYTHON", "old version"), "TOOL_NOT_FOUND"],
    ["no tokenizer", () => rmSync(join(model, "tokenizer.json")), "FILE_NOT_FOUND"],
    ["a model that lacks a tensor when it is converted", () => spoilTrunk(without("blk.1.ffn_up.weight")), "MODEL_INVALID"],
    ["a converter that writes no GGUF", () => vi.stubEnv("FAKE_TRUNK", join(dir, "python")), "NOT_GGUF"],
  ])("refuses %s, and leaves nothing", async (_, prepare, code) => {
    prepare();
    writeFileSync(out, "older");
    await expect(run()).rejects.toMatchObject({ name: "ArgsearchError", code });
    expect(readdirSync(join(dir, "out"))).toEqual(["rm.gguf"]);
    expect(readFileSync(out, "utf8")).toBe("older");
  });

  it("says where a head in a file of its own goes", async () => {
    write({});
    writeSafetensors(join(model, "value_head.safetensors"), { "v_head.summary.weight": { shape: [1, WIDTH], data: HEAD } });
    const message = expect.stringMatching(/"argsearch reward attach --head \S+value_head\.safetensors"/);
    await expect(run()).rejects.toMatchObject({ code: "REWARD_HEAD_MISSING", message });
  });

  it("tells of the model that cannot be loaded, not of the file that is gone", async () => {
    spoilTrunk(without("blk.1.ffn_up.weight"));
    const message = expect.stringMatching(/rm\.gguf is not written: the converted model cannot be loaded: .*blk\.1\.ffn_up\.weight/);
    for (const type of ["f32", "q8_0"] as const) await expect(run({ type })).rejects.toMatchObject({ code: "MODEL_INVALID", message });
  });

  it("looks for Python before it reads every weight", async () => {
    write({ ...ONE_ROW, "model.norm.weight": { shape: [1], data: Float32Array.of(Number.NaN) } });
    for (const [behaviour, message] of [
      ["missing modules", /torch transformers$/],
      ["old version", /Python 3\.10 or newer.*is 3\.8\.10/],
      ["broken", /cannot be run: Fatal Python error/],
    ] as const) {
      vi.stubEnv("FAKE_PYTHON", behaviour);
      await expect(run()).rejects.toMatchObject({ code: "TOOL_NOT_FOUND", message: expect.stringMatching(message) });
    }
  });

  it("tells of the file that was asked for when the disk is full", async () => {
    vi.stubEnv("FAKE_PYTHON", "full disk");
    await expect(run()).rejects.toMatchObject({ message: `the disk is full: ${out} cannot be written` });
  });

  it("says what to install", async () => {
    vi.stubEnv("FAKE_PYTHON", "missing modules");
    await expect(run()).rejects.toMatchObject({ message: expect.stringMatching(/-m pip install torch transformers$/) });
    await expect(run({ python: join(dir, "no-python") })).rejects.toMatchObject({ code: "TOOL_NOT_FOUND" });
    vi.stubEnv("PATH", join(dir, "out"));
    await expect(run({ python: undefined })).rejects.toMatchObject({
      message: expect.stringContaining("python3 and python are not on the PATH"),
    });
    await expect(run({ converter: model })).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
  });

  it("takes nothing of an earlier run that was killed for its own, and removes it", async () => {
    const left = ["trunk", "f32", "reward"].map((what) => join(dir, "out", `rm.gguf.1-deadbeef.${what}.tmp`));
    for (const path of left) writeFileSync(path, "half a file");
    await run();
    expect((await inspect(out)).rewardHead?.nEmbd).toBe(WIDTH);
    expect(left.filter((path) => existsSync(path))).toEqual([]);
  });

  it("ends early when its signal fires", async () => {
    vi.stubEnv("FAKE_PYTHON", "hang");
    const controller = new AbortController();
    await expect(run({ signal: controller.signal, onLog: () => controller.abort() })).rejects.toMatchObject({ code: "ABORTED" });
    expect(readdirSync(join(dir, "out"))).toEqual([]);
  });

  it("finds out that it cannot write before it converts", async () => {
    await expect(run({ out: join(dir, "no", "rm.gguf") })).rejects.toMatchObject({ code: "FILE_UNWRITABLE" });
    await expect(run({ out: join(dir, "out") })).rejects.toMatchObject({
      code: "FILE_UNWRITABLE",
      message: `cannot write ${join(dir, "out")}: it is a directory; name a file in it`,
    });
    expect(() => converterArgs()).toThrow();
    expect(readdirSync(join(dir, "out"))).toEqual([]);
  });

  it("checks its options", async () => {
    await expect(run({ type: "q9" as never })).rejects.toMatchObject({ code: "OPTION_INVALID" });
    await expect(run({ outt: "x" } as never)).rejects.toMatchObject({ message: expect.stringContaining("did you mean out?") });
  });
});

describe.skipIf(process.platform === "win32")("convertHf()", () => {
  const convert = (): Promise<void> =>
    convertHf({ model, out, type: "f16", python: join(dir, "python"), converter: join(dir, "converter") });

  it("has a whole language model converted", async () => {
    write({}, { architectures: ["LlamaForCausalLM"] });
    await convert();
    expect(converterArgs().slice(4)).toEqual(["--outtype", "f16", "--architecture", "LlamaForCausalLM"]);
    expect((await inspect(out)).rewardHead).toBeNull();
    expect(readdirSync(join(dir, "out"))).toEqual(["rm.gguf"]);
  });

  it("refuses a model that llama.cpp cannot load", async () => {
    write({}, { architectures: ["LlamaForCausalLM"] });
    spoilTrunk((content) => ({
      ...content,
      metadata: { ...content.metadata, "general.architecture": { type: "string", value: "mystery" } },
    }));
    await expect(convert()).rejects.toMatchObject({ code: "MODEL_UNSUPPORTED", message: expect.stringContaining("is not written") });
    spoilTrunk(({ metadata: { "tokenizer.ggml.merges": _, ...metadata }, tensors }) => ({ metadata, tensors }));
    await expect(convert()).rejects.toMatchObject({ code: "MODEL_INVALID" });
    expect(readdirSync(join(dir, "out"))).toEqual([]);
  });

  it("calls the class as the converter does", async () => {
    write({}, { architectures: ["PhimoeForCausalLM"] });
    await convert();
    expect(converterArgs().at(-1)).toBe("PhiMoEForCausalLM");
  });

  it.each([
    ["LlamaForSequenceClassification", "argsearch reward import"],
    ["OPTForCausalLM", "argsearch convert opt"],
    ["OPTForSequenceClassification", "argsearch convert opt"],
    ["BertModel", "no causal language model"],
  ])("refuses %s and says what takes it", async (architecture, hint) => {
    write({}, { architectures: [architecture] });
    await expect(convert()).rejects.toMatchObject({ code: "MODEL_UNSUPPORTED", message: expect.stringContaining(hint) });
    expect(readdirSync(join(dir, "out"))).toEqual([]);
  });
});
