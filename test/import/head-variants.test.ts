/** Heads as other trainers write them: under wrappers of their own, with statistics, in other formats. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findHead, readRewardHead } from "../../src/checkpoint/head.js";
import { writeJson } from "../helpers/json-writer.js";
import { type SafeTensors, writeSafetensors } from "../helpers/safetensors-writer.js";

const TRUNK = ["model.embed_tokens.weight", "model.layers.0.self_attn.q_proj.weight", "model.norm.weight", "lm_head.weight"];

let dir: string;
let shard: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "argsearch-head-variants-"));
  shard = join(dir, "model.safetensors");
});
afterEach(() => rmSync(dir, { recursive: true }));

const row = { shape: [1, 2], data: Float32Array.of(1, 2) };
const number = (value: number): SafeTensors[string] => ({ shape: [1], data: Float32Array.of(value) });
const said = (message: RegExp): object => ({ code: "REWARD_HEAD_INVALID", message: expect.stringMatching(message) });
const fault = (message: RegExp): Error => expect.objectContaining(said(message));

describe("a wrapper", () => {
  const wrappers = ["_orig_mod.", "_fsdp_wrapped_module.", "module._orig_mod.", "critic.", "rm.", "reward_model.", "my_wrapper.", "a.b."];

  it.each(wrappers)("%s is not taken for the head's module", (wrapper) => {
    const names = [...TRUNK, "score.weight", "score.bias"].map((name) => wrapper + name);
    const head = { weight: `${wrapper}score.weight`, bias: `${wrapper}score.bias`, all: names.slice(-2) };
    expect(findHead("dir", names)).toEqual(head);
    expect(findHead("dir", names, head.weight)).toEqual(head);
    const own = [...names.slice(0, -2), `${wrapper}my_value.weight`];
    expect(findHead("dir", own, `${wrapper}my_value.weight`)).toMatchObject({ weight: `${wrapper}my_value.weight` });
    expect(() => findHead("dir", [...names, `${wrapper}score_norm.weight`], head.weight)).toThrow(fault(/score_norm/));
    expect(() => findHead("dir", [...names, `${wrapper}score.0.weight`], head.weight)).toThrow(fault(/score\.0/));
  });

  it("in the layers, or around one model of several, is none of the head's either", () => {
    const inner = ["_fsdp_wrapped_module.score.weight", "_fsdp_wrapped_module.model.layers.0._fsdp_wrapped_module.self_attn.q_proj.weight"];
    expect(findHead("dir", inner, inner[0])).toMatchObject({ weight: inner[0] });
    const both = ["actor.", "critic."].flatMap((wrapper) => TRUNK.map((name) => wrapper + name));
    expect(findHead("dir", [...both, "critic.score.weight"], "critic.score.weight")).toMatchObject({ weight: "critic.score.weight" });
    // The last shard has no layer.
    expect(findHead("dir", ["rm.model.norm.weight", "rm.score.weight"], "rm.score.weight")).toMatchObject({ weight: "rm.score.weight" });
  });

  it.each([
    ["critic.2.weight", "critic.0.weight"],
    ["critic.2.weight", "critic.norm.weight"],
    ["rm.fc2.weight", "rm.fc1.weight"],
    ["rm.model.fc2.weight", "rm.model.fc1.weight"],
    ["my_head.out.weight", "my_head.layers.0.mlp.weight"],
  ])("of a head's own, %s beside %s, does not hide its layers", (weight, other) => {
    expect(() => findHead("dir", [...TRUNK, other, weight], weight)).toThrow(fault(/several layers|not be applied/));
    expect(() => findHead("dir", [other, weight], weight)).toThrow(fault(/several layers|not be applied/));
  });
});

describe("statistics of rewards", () => {
  const head: SafeTensors = { "score.weight": row };

  it.each<[string, object, SafeTensors]>([
    ["mean and std", { mean: 2, std: 3 }, {}],
    ["mean and var", { mean: 2, var: 9 }, {}],
    ["a mean and var of their own", {}, { mean: number(2), var: number(9) }],
    ["a normaliser", {}, { "normalizer.mean": number(2), "normalizer.var": number(9), "normalizer.count": number(4) }],
    ["both, alike", { mean: 2, std: 3 }, { mean: number(2), std: number(3) }],
  ])("are applied where config.json says so: %s", async (_, config, tensors) => {
    writeSafetensors(shard, { ...head, ...tensors });
    writeJson(join(dir, "config.json"), { ...config, normalize_reward: true });
    expect(await readRewardHead(dir)).toEqual({ weight: [[1, 2]], shift: 2, scale: 3 });
    writeJson(join(dir, "config.json"), { ...config, normalize_reward: false });
    expect(await readRewardHead(dir)).toEqual({ weight: [[1, 2]] });
    writeJson(join(dir, "config.json"), config);
    await expect(readRewardHead(dir)).rejects.toMatchObject(said(/mean 2.*nothing says whether/));
  });

  it.each<[string, object, SafeTensors, RegExp]>([
    ["a var alone", {}, { "normalizer.var": number(3) }, /var 3\).*one mean and one std or var/],
    ["a mean alone", { mean: 2 }, {}, /one mean and one std or var/],
    ["a std alone", { std: 2 }, {}, /one mean and one std or var/],
    ["a std and a var", { mean: 1, std: 2, var: 3 }, {}, /one mean and one std or var/],
    ["two means", { mean: 1, std: 2 }, { mean: number(3) }, /mean 1, mean 3, std 2/],
    ["a var below 0", { mean: 1, var: -1 }, {}, /cannot be normalised/],
  ])("are refused: %s", async (_, config, tensors, message) => {
    writeSafetensors(shard, { ...head, ...tensors });
    writeJson(join(dir, "config.json"), { ...config, normalize_reward: true });
    await expect(readRewardHead(dir)).rejects.toMatchObject(said(message));
    writeJson(join(dir, "config.json"), config);
    await expect(readRewardHead(dir)).rejects.toMatchObject(said(/nothing says whether/));
  });
});

describe("what is said of", () => {
  it.each([
    [["score.linear.weight", "score.linear.bias"], /score\.linear\.weight may be.*--tensor score\.linear\.weight takes it/],
    [["rm_head.1.weight"], /--tensor rm_head\.1\.weight takes it/],
    [["score.bias"], /holds score\.bias and no weight/],
    [["score.0.bias", "score.1.bias"], /no weight/],
    [["score.norm.weight"], /would not be applied/],
    [["score.0.weight", "score.2.weight"], /several layers/],
  ])("%j", (names, message) => {
    expect(() => findHead("dir", [...TRUNK, ...names])).toThrow(fault(message));
    if (/takes it/.test(String(message))) expect(findHead("dir", [...TRUNK, ...names], names[0])).toMatchObject({ weight: names[0] });
  });

  it("a head that is transposed", async () => {
    writeSafetensors(shard, { "score.weight": { shape: [4, 1], data: new Float32Array(4) } });
    await expect(readRewardHead(dir)).rejects.toMatchObject(said(/is \[4, 1\], transposed: save it as \[labels, embedding\], \[1, 4\]$/));
    writeSafetensors(shard, { "score.weight": { shape: [4, 2], data: new Float32Array(8) } });
    writeJson(join(dir, "config.json"), { hidden_size: 4 });
    await expect(readRewardHead(dir)).rejects.toMatchObject(said(/is \[4, 2\], transposed/));
  });

  it.each([
    ["value_head.bin", "PK\u0003\u0004\0\0\b\b\0\0\0\0", /it is a PyTorch file.*save_file/],
    ["value_head.pt", "\u0080\u0002\u008a\nl\u00fc\u009cF\u00f9", /it is a PyTorch file/],
    ["reward.gguf", "GGUF\u0003\0\0\0\0\0\0\0", /it is a GGUF/],
  ])("%s", async (name, bytes, message) => {
    const path = join(dir, name);
    writeFileSync(path, Buffer.from(bytes, "latin1"));
    await expect(readRewardHead(path)).rejects.toMatchObject({ code: "MODEL_INVALID", message: expect.stringMatching(message) });
  });
});
