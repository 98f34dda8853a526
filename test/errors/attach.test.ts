/** attachReward() refuses what would not make a reward model, and leaves no half-written file. */
import { execFileSync } from "node:child_process";
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { attachReward, type RewardHead } from "../../src/import/index.js";
import { type ErrorCode, loadReward } from "../../src/index.js";
import { encodeGguf } from "../helpers/gguf-writer.js";
import { expectError } from "./expect-error.js";
import { TINY, tinyModel } from "./tiny-model.js";

const trunk = encodeGguf(tinyModel({ labels: undefined }));
const weight = Array<number>(TINY.embedding).fill(0.5);

let folder: string;
let model: string;
let out: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "argsearch-attach-"));
  model = join(folder, "trunk.gguf");
  out = join(folder, "reward.gguf");
  writeFileSync(model, trunk);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("a head", () => {
  test.each<[what: string, head: unknown]>([
    ["that is missing", undefined],
    ["that is null", null],
    ["without weights", {}],
    ["too short", { weight: weight.slice(1) }],
    ["too long", { weight: [...weight, 1] }],
    ["of NaN", { weight: weight.map(() => Number.NaN) }],
    ["too large for 32 bits", { weight: weight.map(() => 1e300) }],
    ["of texts", { weight: weight.map(String) }],
    ["with rows of two lengths", { weight: [weight, weight.slice(1)] }],
    ["with a bias of NaN", { weight, bias: Number.NaN }],
    ["with two biases", { weight, bias: [1, 2] }],
    ["with a scale of 0", { weight, scale: 0 }],
    ["with a shift that is a text", { weight, shift: "1" }],
    ["with two labels", { weight, labels: ["a", "b"] }],
    ["with the same label twice", { weight: [weight, weight], labels: ["a", "a"] }],
  ])("%s", async (_, head) => {
    await expectError(() => attachReward({ model, head: head as RewardHead, out }), "REWARD_HEAD_INVALID", /the reward head is invalid: ./);
    expect(readdirSync(folder)).toEqual(["trunk.gguf"]);
  });
});

describe("a place", () => {
  const head = { weight };
  test.each<[what: string, options: () => Record<string, unknown>, code: ErrorCode, message: RegExp]>([
    ["to read that does not exist", () => ({ model: join(folder, "none.gguf") }), "FILE_NOT_FOUND", /no such file/],
    ["to read that is a folder", () => ({ model: folder }), "NOT_A_FILE", /not a file/],
    [
      "to write in a folder that does not exist",
      () => ({ out: join(folder, "a", "b.gguf") }),
      "FILE_UNWRITABLE",
      /cannot write|cannot be written/,
    ],
    ["to write that is a folder", () => ({ out: join(folder, "taken") }), "FILE_UNWRITABLE", /taken: it is a directory; name a file in it/],
    ["to write below a file", () => ({ out: join(model, "b.gguf") }), "FILE_UNWRITABLE", /cannot write|cannot be written/],
    ["that is no text", () => ({ out: 5 }), "OPTION_INVALID", /out must be a non-empty string/],
    ["that is missing", () => ({ model: undefined }), "OPTION_INVALID", /model must be a non-empty string/],
    ["and an unknown option", () => ({ bias: 1 }), "OPTION_INVALID", /no option "bias"/],
  ])("%s", async (_, options, code, message) => {
    mkdirSync(join(folder, "taken"));
    await expectError(() => attachReward({ model, head, out, ...options() }), code, message);
    expect(readdirSync(folder).sort()).toEqual(["taken", "trunk.gguf"]);
    expect(readFileSync(model).equals(trunk)).toBe(true);
  });

  test.each([
    ["in a folder that does not exist", () => join(folder, "a", "b.gguf")],
    ["below a file", () => join(model, "b.gguf")],
    ["with too long a name", () => join(folder, "x".repeat(300))],
  ])("to write %s is named as it was given", async (_, place) => {
    const error = await attachReward({ model, head, out: place() }).catch((reason: Error) => reason);
    expect(error).toMatchObject({ code: "FILE_UNWRITABLE", message: expect.stringContaining(`cannot write ${place()}: `) });
    expect((error as Error).message).not.toContain(".tmp");
  });

  test.runIf(process.platform !== "win32")("to write that is a pipe stays one", async () => {
    execFileSync("mkfifo", [out]);
    await expectError(() => attachReward({ model, head, out }), "FILE_UNWRITABLE", /not an ordinary file/);
    expect(statSync(out).isFIFO()).toBe(true);
  });

  test.runIf(process.platform !== "win32")("behind links is what is replaced, the links stay", async () => {
    mkdirSync(join(folder, "far"));
    writeFileSync(join(folder, "far", "old.gguf"), "old");
    symlinkSync(join("far", "old.gguf"), join(folder, "near.gguf"));
    symlinkSync(join(folder, "near.gguf"), out);
    symlinkSync("far/new.gguf", join(folder, "dangling.gguf"));
    for (const place of [out, join(folder, "dangling.gguf")]) {
      await attachReward({ model, head, out: place });
      expect(lstatSync(place).isSymbolicLink()).toBe(true);
      await (await loadReward({ reward: place, gpu: false, threads: 1 })).dispose();
    }
    expect(lstatSync(join(folder, "near.gguf")).isSymbolicLink()).toBe(true);
    expect(readdirSync(join(folder, "far")).sort()).toEqual(["new.gguf", "old.gguf"]);
    expect(readdirSync(folder).sort()).toEqual(["dangling.gguf", "far", "near.gguf", "reward.gguf", "trunk.gguf"]);
  });

  test.runIf(process.platform !== "win32")("behind links in a circle cannot be written", async () => {
    symlinkSync("other.gguf", out);
    symlinkSync("reward.gguf", join(folder, "other.gguf"));
    await expectError(() => attachReward({ model, head, out }), "FILE_UNWRITABLE", /cannot write .*reward\.gguf/);
  });

  test("that is the trunk itself is refused", async () => {
    await expectError(() => attachReward({ model, head, out: model }), "OPTION_INVALID", /out must not be a file that is read/);
    expect(readdirSync(folder)).toEqual(["trunk.gguf"]);
    expect(readFileSync(model).equals(trunk)).toBe(true);
  });

  test("that is cut short is MODEL_INVALID and stays as it is", async () => {
    writeFileSync(model, trunk.subarray(0, trunk.length - 100));
    await expectError(() => attachReward({ model, head, out }), "MODEL_INVALID", /cut short/);
    expect(readdirSync(folder)).toEqual(["trunk.gguf"]);
  });
});
