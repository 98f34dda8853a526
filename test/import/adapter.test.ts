/** An adapter's checkpoint is no model, and a head in it fits no trunk that lacks the adapter. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { convertHf, convertOpt, importReward, readRewardHead } from "../../src/import/index.js";
import { writeJson } from "../helpers/json-writer.js";
import { randomOpt, writeOpt } from "../helpers/random-opt.js";
import { type SafeTensors, writeSafetensors } from "../helpers/safetensors-writer.js";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "argsearch-adapter-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

const row = { shape: [1, 2], data: Float32Array.of(1, 2) };
const one = { shape: [1], data: Float32Array.of(1) };
const HEAD: SafeTensors = { "base_model.model.score.weight": row };
const LORA: SafeTensors = { ...HEAD, "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight": one };

function writePeft(tensors: SafeTensors = LORA, config: object = { peft_type: "LORA", task_type: "SEQ_CLS" }): string {
  writeJson(join(dir, "adapter_config.json"), config);
  writeSafetensors(join(dir, "adapter_model.safetensors"), tensors);
  return join(dir, "adapter_model.safetensors");
}

/** PEFT's own line, in the words of its documentation. */
const merge = (kind: string, labels = "") =>
  `from peft import AutoPeftModelFor${kind} as M; M.from_pretrained('${dir}'${labels}).merge_and_unload().save_pretrained('${dir}-merged')`;

const refused = (message: unknown) => ({ name: "ArgsearchError", code: "MODEL_UNSUPPORTED", message });

describe("readRewardHead()", () => {
  it("refuses PEFT's file, and says how to merge it", async () => {
    const file = writePeft();
    const message = expect.stringMatching(/Merge the adapter first/);
    for (const path of [file, dir]) {
      await expect(readRewardHead(path)).rejects.toMatchObject(refused(message));
      await expect(readRewardHead(path)).rejects.toMatchObject(
        refused(expect.stringContaining(merge("SequenceClassification", ", num_labels=1"))),
      );
    }
    await expect(readRewardHead(file, { tensor: "base_model.model.score.weight" })).rejects.toMatchObject(refused(message));
  });

  it("names a directory beside that of the adapter, however that is written", async () => {
    writePeft();
    for (const path of [`${dir}/`, join(dir, "adapter_config.json", "..")]) {
      await expect(readRewardHead(path)).rejects.toMatchObject(refused(expect.stringContaining(`save_pretrained('${dir}-merged')`)));
    }
  });

  it("says as many labels as the head has rows, and a causal language model where there is none", async () => {
    writePeft({ ...LORA, "base_model.model.score.weight": { shape: [2, 1], data: Float32Array.of(1, 2) } }, { peft_type: "LORA" });
    const rows = expect.stringContaining(merge("SequenceClassification", ", num_labels=2"));
    await expect(readRewardHead(dir)).rejects.toMatchObject(refused(rows));
    writePeft({ "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight": one }, { peft_type: "LORA" });
    await expect(readRewardHead(dir)).rejects.toMatchObject(refused(expect.stringContaining(merge("CausalLM"))));
  });

  it.each([
    ["LoRA", "q_proj.lora_A.weight"],
    ["LoRA of embeddings", "embed_tokens.lora_embedding_A"],
    ["DoRA", "q_proj.lora_magnitude_vector"],
    ["AdaLoRA", "q_proj.lora_E"],
    ["IA3", "down_proj.ia3_l"],
    ["LoHa", "q_proj.hada_w1_a"],
    ["LoKr", "q_proj.lokr_w1"],
    ["OFT", "q_proj.oft_R.weight"],
    ["BOFT", "q_proj.boft_s"],
    ["VeRA", "q_proj.vera_lambda_b"],
    ["FourierFT", "q_proj.fourierft_spectrum"],
    ["LN tuning", "input_layernorm.ln_tuning_layers.weight"],
    ["trained tokens", "embed_tokens.trainable_tokens_delta"],
    ["trained tokens beside LoRA", "embed_tokens.token_adapter.trainable_tokens_delta"],
    ["LLaMA-Adapter", "self_attn.adaption_prompt"],
    ["AdapterHub", "output.adapters.reward.adapter_down.0.weight"],
    ["MLX's LoRA", "q_proj.lora_a"],
    ["a model that an adapter is mounted on", "q_proj.base_layer.weight"],
    ["embeddings trained beside it", "embed_tokens.modules_to_save.default.weight"],
    ["the embeddings that these were", "embed_tokens.original_module.weight"],
  ])("refuses the tensors of %s in any file", async (_, name) => {
    const file = join(dir, "model.safetensors");
    const tensor = `model.layers.0.${name}`;
    writeSafetensors(file, { "score.weight": row, "model.layers.0.self_attn.q_proj.weight": one, [tensor]: one });
    await expect(readRewardHead(file)).rejects.toMatchObject(refused(expect.stringContaining(tensor)));
    await expect(readRewardHead(file, { tensor: "score.weight" })).rejects.toMatchObject({ code: "MODEL_UNSUPPORTED" });
  });

  it.each([
    ["prompt tuning", "PROMPT_TUNING", "prompt_embeddings"],
    ["prefix tuning", "PREFIX_TUNING", "prompt_embeddings"],
    ["P-tuning", "P_TUNING", "prompt_encoder.mlp_head.0.weight"],
  ])("says that %s cannot be merged", async (_, peft_type, name) => {
    const file = writePeft({ ...HEAD, [name]: one }, { peft_type, task_type: "SEQ_CLS" });
    await expect(readRewardHead(file)).rejects.toMatchObject(refused(expect.stringMatching(/no GGUF can hold/)));
    await expect(readRewardHead(file)).rejects.not.toMatchObject({ message: expect.stringContaining("merge_and_unload") });
  });

  it("refuses what lies beside an adapter: LLaMA-Factory's value head, a copy of the head", async () => {
    writePeft({ "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight": one }, { peft_type: "LORA", task_type: "CAUSAL_LM" });
    const file = join(dir, "value_head.safetensors");
    writeSafetensors(file, { "v_head.summary.weight": row, "v_head.summary.bias": one });
    await expect(readRewardHead(file)).rejects.toMatchObject(refused(expect.stringContaining(merge("CausalLM"))));
    await expect(readRewardHead(file)).rejects.toMatchObject(refused(expect.stringContaining("with a copy of value_head.safetensors")));
    // Merged: LLaMA-Factory exports the value head to the merged model.
    for (const name of ["adapter_config.json", "adapter_model.safetensors"]) rmSync(join(dir, name));
    expect(await readRewardHead(file)).toEqual({ weight: [[1, 2]], bias: [1] });
  });

  it.each(["adapter_config.json", "adapter_model.bin", "adapters.safetensors"])("knows an adapter by its %s", async (name) => {
    writeFileSync(join(dir, name), "{}");
    const file = join(dir, "head.safetensors");
    writeSafetensors(file, { "score.weight": row });
    await expect(readRewardHead(file)).rejects.toMatchObject(refused(expect.stringContaining(name)));
  });

  it("says what is wrong with the path before it says anything of adapters", async () => {
    const file = join(dir, "file.safetensors");
    writeFileSync(file, "");
    for (const path of [join(dir, "none.safetensors"), join(dir, "none", "none.safetensors")]) {
      await expect(readRewardHead(path)).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
    }
    await expect(readRewardHead(join(file, "below.safetensors"))).rejects.toMatchObject({ code: "FILE_UNREADABLE" });
    await expect(readRewardHead(file)).rejects.toMatchObject({ code: "MODEL_INVALID" });
  });

  const SAVED: SafeTensors = {
    "base_model.model.score.modules_to_save.default.weight": { shape: [1, 2], data: Float32Array.of(3, 4) },
    "base_model.model.score.original_module.weight": row,
  };

  it.each<[string, SafeTensors]>([
    ["the head alone", HEAD],
    ["the head and what it was", SAVED],
    ["the head and embeddings, resized", { ...HEAD, "base_model.model.model.embed_tokens.weight": one }],
  ])("tells a part of an adapter's checkpoint by its names: %s", async (_, tensors) => {
    const file = join(dir, "head.safetensors");
    writeSafetensors(file, tensors);
    await expect(readRewardHead(file)).rejects.toMatchObject(
      refused(expect.stringMatching(/an adapter's checkpoint.*Merge the adapter first/)),
    );
  });

  it("reads the trained head of a merged model that kept PEFT's names", async () => {
    const file = join(dir, "model.safetensors");
    writeSafetensors(file, {
      ...SAVED,
      "base_model.model.model.layers.0.self_attn.q_proj.weight": one,
      "base_model.model.model.norm.weight": one,
    });
    expect(await readRewardHead(file)).toEqual({ weight: [[3, 4]] });
  });

  it("takes a head out of PEFT's names when it is named, and nothing of an adapter is with it", async () => {
    const file = join(dir, "head.safetensors");
    writeSafetensors(file, HEAD);
    expect(await readRewardHead(file, { tensor: "base_model.model.score.weight" })).toEqual({ weight: [[1, 2]] });
  });
});

describe("a directory that holds an adapter", () => {
  const out = (): string => join(dir, "..", `${dir}.gguf`);
  it.each([
    ["importReward()", () => importReward({ model: dir, out: out() })],
    ["convertHf()", () => convertHf({ model: dir, out: out() })],
    ["convertOpt()", () => convertOpt({ model: dir, out: out() })],
  ])("is refused by %s before anything else is missed", async (_, call) => {
    writePeft();
    const message = expect.stringMatching(/Merge the adapter first.*merge_and_unload/);
    await expect(call()).rejects.toMatchObject(refused(message));
    // The base model's files may lie there as well.
    writeOpt(dir, randomOpt(1, 1));
    await expect(call()).rejects.toMatchObject(refused(message));
    expect(readdirSync(join(dir, "..")).filter((name) => name.endsWith(".gguf"))).toEqual([]);
  });

  it("is refused by its tensors as well", async () => {
    const model = randomOpt(2, 1);
    const lora = { "model.decoder.layers.0.self_attn.q_proj.lora_A.default.weight": one };
    mkdirSync(join(dir, "model"));
    writeOpt(join(dir, "model"), { ...model, tensors: { ...model.tensors, ...lora } });
    await expect(convertOpt({ model: join(dir, "model"), out: out() })).rejects.toMatchObject(refused(expect.stringContaining("lora_A")));
  });
});
