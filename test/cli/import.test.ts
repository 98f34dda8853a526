/** The commands that make reward models out of safetensors. */
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { GgufSummary } from "../../src/index.js";
import { randomOpt, writeOpt } from "../helpers/random-opt.js";
import { writeSafetensors } from "../helpers/safetensors-writer.js";
import { argsearch, policy, scratch } from "./run.js";

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
    await writeFile(join(folder, "config.json"), JSON.stringify({ id2label: { 0: "helpful", 1: "safe" } }));
    const flags = ["--source", "acme/rm", "--dataset", "hh-rlhf", "--accuracy", "0.7"];
    const attached = await argsearch(["reward", "attach", "--model", policy, "--head", shard, "--out", out, ...flags]);
    expect(attached).toEqual({ code: 0, stdout: "", stderr: "" });
    const { stdout } = await argsearch(["inspect", out]);
    expect(stdout).toMatch(/^reward head +helpful, safe \(\d+ weights each\)$/m);
    expect(stdout).toMatch(/^ {2}source +acme\/rm\n {2}dataset +hh-rlhf\n {2}accuracy +0\.7$/m);
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
    expect(failed.stderr).toMatch(/^argsearch: no such file: [^\n]*config\.json \[FILE_NOT_FOUND\]\n$/);
  });
});
