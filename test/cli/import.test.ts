/** The commands that make reward models out of safetensors. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { GgufSummary } from "../../src/index.js";
import { writeHfDirectory } from "../helpers/hf-directory.js";
import { writeJson } from "../helpers/json-writer.js";
import { writePythonStandIn } from "../helpers/python-stand-in.js";
import { randomOpt, writeOpt } from "../helpers/random-opt.js";
import { writeSafetensors } from "../helpers/safetensors-writer.js";
import { argsearch, policy, root, scratch, start } from "./run.js";

const cli = join(root, "dist", "cli.js");

async function inspectJson(file: string): Promise<GgufSummary> {
  return JSON.parse((await argsearch(["inspect", file, "--json"])).stdout) as GgufSummary;
}

describe("reward attach --head shard.safetensors", () => {
  it("takes the head out of a shard, its names and where it came from", async () => {
    const folder = await scratch();
    const [shard, out] = [join(folder, "model-00002-of-00002.safetensors"), join(folder, "rm.gguf")];
    const width = (await inspectJson(policy)).embeddingLength ?? 0;
    writeSafetensors(shard, {
      "model.norm.weight": { shape: [1], data: Float32Array.of(1) },
      "score.weight": { shape: [2, width], data: new Float32Array(2 * width).fill(0.25) },
    });
    writeJson(join(folder, "config.json"), { id2label: { 0: "helpful", 1: "safe" } });
    const flags = ["--source", "acme/rm", "--dataset", "hh-rlhf", "--accuracy", "0.7"];
    const attached = await argsearch(["reward", "attach", "--model", policy, "--head", shard, "--out", out, ...flags]);
    expect(attached).toEqual({ code: 0, stdout: "", stderr: "" });
    const { stdout } = await argsearch(["inspect", out]);
    expect(stdout).toMatch(/^reward head +helpful, safe \(\d+ weights each\)$/m);
    expect(stdout).toMatch(/^ {2}source +acme\/rm\n {2}dataset +hh-rlhf\n {2}accuracy +0\.7$/m);
  });

  it("takes a directory", async () => {
    const folder = await scratch();
    const [dir, out] = [join(folder, "model"), join(folder, "rm.gguf")];
    await mkdir(dir);
    const width = (await inspectJson(policy)).embeddingLength ?? 0;
    writeSafetensors(join(dir, "model.safetensors"), { "score.weight": { shape: [1, width], data: new Float32Array(width).fill(0.25) } });
    expect((await argsearch(["reward", "attach", "--model", policy, "--head", dir, "--out", out])).stderr).toBe("");
    expect((await inspectJson(out)).rewardHead?.labels).toEqual(["reward"]);
  });

  it("knows a file by what is in it, whatever its name ends in", async () => {
    const folder = await scratch();
    const out = join(folder, "rm.gguf");
    const attach = (head: string) => argsearch(["reward", "attach", "--model", policy, "--head", head, "--out", out]);
    const width = (await inspectJson(policy)).embeddingLength ?? 0;
    for (const name of ["head.st", "head.SAFETENSORS", "head"]) {
      writeSafetensors(join(folder, name), { "score.weight": { shape: [1, width], data: new Float32Array(width).fill(0.25) } });
      expect(await attach(join(folder, name))).toEqual({ code: 0, stdout: "", stderr: "" });
    }
    expect((await attach(policy)).stderr).toMatch(/it is a GGUF, not safetensors[^\n]* \[MODEL_INVALID\]\n$/);
    await writeFile(join(folder, "value_head"), Buffer.from("PK\u0003\u0004\0\0\b\b\0\0\0\0", "latin1"));
    expect((await attach(join(folder, "value_head"))).stderr).toMatch(/it is a PyTorch file[^\n]* \[MODEL_INVALID\]\n$/);
  });

  it("asks which of two rows counts, and takes what --row and --labels say", async () => {
    const folder = await scratch();
    const [shard, out] = [join(folder, "head.safetensors"), join(folder, "rm.gguf")];
    const width = (await inspectJson(policy)).embeddingLength ?? 0;
    writeSafetensors(shard, { "score.weight": { shape: [2, width], data: new Float32Array(2 * width).fill(0.25) } });
    const args = ["reward", "attach", "--model", policy, "--head", shard, "--out", out];
    const failed = await argsearch(args);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(/^argsearch: [^\n]*--row N[^\n]*--labels a,b[^\n]* \[REWARD_HEAD_INVALID\]\n$/);
    for (const [flags, labels] of [
      [["--row", "1"], ["reward"]],
      [["--row", "1-0"], ["reward"]],
      [
        ["--labels", "bad, good"],
        ["bad", "good"],
      ],
      [["--labels", "bad,good", "--row", "1"], ["good"]],
    ] as const) {
      expect((await argsearch([...args, ...flags])).stderr).toBe("");
      expect((await inspectJson(out)).rewardHead?.labels).toEqual(labels);
    }
    for (const flags of [
      ["--row", "x"],
      ["--row", "1-"],
      ["--row", "-1"],
      ["--labels", "a,,b"],
    ]) {
      expect(await argsearch([...args, ...flags])).toMatchObject({ code: 2, stdout: "" });
    }
    writeJson(join(folder, "head.json"), { weight: Array(width).fill(1) });
    const json = ["reward", "attach", "--model", policy, "--head", join(folder, "head.json"), "--out", out, "--row", "0"];
    expect((await argsearch(json)).stderr).toMatch(/\[OPTION_INVALID\]\n$/);
    writeJson(join(folder, "head.json"), { weight: [Array(width).fill(1), Array(width).fill(2)] });
    expect((await argsearch(json.slice(0, -2))).stderr).toMatch(/2 rows without names[^\n]*"labels"[^\n]* \[REWARD_HEAD_INVALID\]\n$/);
  });

  it("does not put an adapter's head on a trunk that lacks the adapter", async () => {
    const folder = await scratch();
    const [file, out] = [join(folder, "adapter_model.safetensors"), join(folder, "rm.gguf")];
    const width = (await inspectJson(policy)).embeddingLength ?? 0;
    writeSafetensors(file, {
      "base_model.model.score.weight": { shape: [1, width], data: new Float32Array(width).fill(0.25) },
      "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight": { shape: [1], data: Float32Array.of(1) },
    });
    const failed = await argsearch(["reward", "attach", "--model", policy, "--head", file, "--out", out]);
    expect(failed).toMatchObject({ code: 1, stdout: "" });
    expect(failed.stderr).toMatch(/^argsearch: [^\n]*Merge the adapter first[^\n]*merge_and_unload\(\)[^\n]* \[MODEL_UNSUPPORTED\]\n$/);
    expect(await readdir(folder)).toEqual(["adapter_model.safetensors"]);
    const pickled = await argsearch(["reward", "attach", "--model", policy, "--head", join(folder, "adapter_model.bin"), "--out", out]);
    expect(pickled.stderr).toMatch(/Merge the adapter first[^\n]* \[MODEL_UNSUPPORTED\]\n$/);
  });

  it("takes the tensor that --tensor names, and says when there is none", async () => {
    const folder = await scratch();
    const [shard, out] = [join(folder, "head.safetensors"), join(folder, "rm.gguf")];
    const width = (await inspectJson(policy)).embeddingLength ?? 0;
    writeSafetensors(shard, { "my.head": { shape: [width], data: new Float32Array(width) } });
    const args = ["reward", "attach", "--model", policy, "--head", shard, "--out", out];
    const failed = await argsearch(args);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(/^argsearch: [^\n]* \[REWARD_HEAD_MISSING\]\n$/);
    expect((await argsearch([...args, "--tensor", "my.head"])).code).toBe(0);
    expect(await readdir(folder)).toEqual(["head.safetensors", "rm.gguf"]);
  });
});

describe("convert opt", () => {
  it("writes a reward model that scores", async () => {
    const folder = await scratch();
    const out = join(folder, "rm.gguf");
    const converted = await argsearch(["convert", "opt", writeOpt(join(folder, "opt"), randomOpt(1, 1)), "--out", out, "--type", "q8_0"]);
    expect(converted).toEqual({ code: 0, stdout: "", stderr: "" });
    const scored = await argsearch(["score", "--reward", out, "--prompt", "the cat", "--response", " sat", "--template", "none", "--json"]);
    expect(JSON.parse(scored.stdout)).toMatchObject({ reward: expect.any(Number) });
  });

  it("takes the head that --tensor names", async () => {
    const folder = await scratch();
    const { tensors, ...model } = randomOpt(1, 1);
    const { "score.weight": score, ...trunk } = tensors;
    const config = { ...model.config, architectures: ["OPTForCausalLM"] };
    writeOpt(join(folder, "opt"), { ...model, config, tensors: { ...trunk, "a.weight": score, "b.weight": score } });
    const args = ["convert", "opt", join(folder, "opt"), "--out", join(folder, "rm.gguf"), "--type", "f32"];
    expect(await argsearch([...args, "--tensor", "b.weight"])).toMatchObject({ code: 0, stderr: "" });
    expect((await inspectJson(join(folder, "rm.gguf"))).rewardHead?.nEmbd).toBe(score.shape[1]);
    expect((await argsearch([...args, "--tensor", "c.weight"])).stderr).toMatch(/no tensor c\.weight.* \[REWARD_HEAD_MISSING\]\n$/);
  });

  // A limit on the size of files is as good as a full disk.
  it.skipIf(process.platform === "win32").each([["f32"], ["q8_0"]])("says which file the disk has no room for: %s", async (type) => {
    const folder = await scratch();
    const out = join(folder, "opt.gguf");
    const args = ["convert", "opt", writeOpt(join(folder, "opt"), randomOpt(1, 1)), "--out", out, "--type", type];
    const { status, stderr } = spawnSync("sh", ["-c", `ulimit -f 8; exec "$0" "$@"`, process.execPath, cli, ...args], { encoding: "utf8" });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^argsearch: [^\n]* \[FILE_UNWRITABLE\]\n$/);
    expect(stderr).toContain(out);
    expect(stderr).not.toContain(".tmp");
    expect(await readdir(folder)).toEqual(["opt"]);
  });

  it("fails on one line for what is no OPT, and for a format that there is not", async () => {
    const folder = await scratch();
    const out = ["--out", join(folder, "opt.gguf")];
    const failed = await argsearch(["convert", "opt", folder, ...out]);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(/^argsearch: [^\n]* \[FILE_NOT_FOUND\]\n$/);
    expect((await argsearch(["convert", "opt", folder, ...out, "--type", "q9"])).code).toBe(2);
  });
});

describe("reward import", () => {
  it("names what is missing", async () => {
    const folder = await scratch();
    const failed = await argsearch(["reward", "import", folder, "--out", join(folder, "rm.gguf")]);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(/^argsearch: no such file: [^\n]*config\.json; check the path \[FILE_NOT_FOUND\]\n$/);
  });

  it.skipIf(process.platform === "win32").each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)("on %s ends Python, leaves nothing and ends with %i", async (signal, expected) => {
    const folder = await scratch();
    const [model, out, started] = [join(folder, "model"), join(folder, "out"), join(folder, "started.json")];
    await mkdir(out);
    const config = { architectures: ["LlamaForSequenceClassification"], hidden_size: 4 };
    writeHfDirectory(model, { config, tensors: { "score.weight": { shape: [1, 4], data: new Float32Array(4) } } });
    await writeFile(join(model, "convert_hf_to_gguf.py"), "");
    const python = ["--python", writePythonStandIn(folder), "--converter", model];
    const { child, outcome } = start(["reward", "import", model, "--out", join(out, "rm.gguf"), ...python], {
      env: { FAKE_PYTHON: "hang", FAKE_ARGS: started },
    });
    await expect.poll(() => existsSync(started) && readFileSync(started, "utf8"), { timeout: 20_000 }).toMatch(/\}$/);
    const { pid } = JSON.parse(readFileSync(started, "utf8")) as { pid: number };
    child.kill(signal);
    expect(await outcome).toMatchObject({ code: expected, stdout: "" });
    expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
    expect(await readdir(out)).toEqual([]);
  });
});
