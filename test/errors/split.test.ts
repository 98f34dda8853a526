/** A model that llama.cpp has split into several files is one model, whichever part is named, or an error that says what is missing. */
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { hashFile } from "../../src/evaluate/identity.js";
import { fingerprint } from "../../src/files/fingerprint.js";
import { fitReward } from "../../src/fit/index.js";
import { attachReward } from "../../src/import/index.js";
import { inspect, load, loadReward } from "../../src/index.js";
import { type GgufContent, splitGguf, writeGguf, writeSplitGguf } from "../helpers/gguf-writer.js";
import { expectError } from "./expect-error.js";
import { TINY, tinyModel } from "./tiny-model.js";

const CPU = { gpu: false, threads: 1 } as const;
const NONE = { template: "none" } as const;
const COUNT = 3;
const model = tinyModel();
const head = { weight: Array.from({ length: TINY.embedding }, (_, index) => Math.sin(index)) };

let folder: string;
let whole: string;
let parts: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "argsearch-split-"));
  whole = join(folder, "whole.gguf");
  writeGguf(whole, model);
  parts = writeSplitGguf(join(folder, "model.gguf"), model, COUNT);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function decoded(path: string) {
  const decoder = await load({ policy: path, reward: path, ...CPU });
  try {
    const { tokens, logProbs, rewards } = await decoder.generate("hello", { ...NONE, maxTokens: 6 });
    const { reward } = await decoder.score({ prompt: "hello", response: "there" }, NONE);
    return { tokens, logProbs, rewards, reward };
  } finally {
    await decoder.dispose();
  }
}

async function rewardOf(path: string): Promise<number> {
  const judge = await loadReward({ reward: path, ...CPU });
  const { reward } = await judge.score({ prompt: "hello", response: "there" }, NONE);
  await judge.dispose();
  return reward;
}

describe("loading", () => {
  test.each([0, 1, 2])("by part %i gives the whole model", async (index) => {
    expect(await decoded(parts[index])).toEqual(await decoded(whole));
  });

  test("where the first part has no tensors, and through links", async () => {
    const empty = writeSplitGguf(join(folder, "empty.gguf"), model, COUNT, { emptyFirst: true });
    const links = empty.map((path) => path.replace("empty", "link"));
    for (const [index, link] of links.entries()) symlinkSync(empty[index], link);
    expect(await decoded(links[0])).toEqual(await decoded(whole));
  });

  test("tells the progress of all parts", async () => {
    const progress: number[] = [];
    const judge = await loadReward({ reward: parts[1], ...CPU, onProgress: (share) => progress.push(share) });
    await judge.dispose();
    expect(progress.at(-1)).toBe(1);
  });

  test("a file that only has such a name is itself", async () => {
    const named = join(folder, "other-00001-of-00002.gguf");
    copyFileSync(whole, named);
    expect(await decoded(named)).toEqual(await decoded(whole));
    expect(await inspect(named)).toMatchObject({ files: 1, size: statSync(whole).size });
    expect(await fingerprint(named)).toBe(await fingerprint(whole));
  });
});

describe("inspect()", () => {
  test.each([0, 1, 2])("by part %i counts all parts", async (index) => {
    const [split, one] = [await inspect(parts[index]), await inspect(whole)];
    const { tensors, parameters, rewardHead, architecture, vocabulary } = one;
    expect(split).toMatchObject({ tensors, parameters, rewardHead, architecture, vocabulary, files: COUNT, path: parts[index] });
    expect(split.size).toBe(parts.reduce((sum, path) => sum + statSync(path).size, 0));
    expect(one.files).toBe(1);
  });
});

describe("what tells models apart", () => {
  test.each<[name: string, print: (path: string) => Promise<unknown>]>([
    ["fingerprint()", fingerprint],
    ["hashFile()", hashFile],
  ])("%s is the same by every part, and another where any part is", async (_, print) => {
    const before = await Promise.all(parts.map(print));
    expect(new Set(before.map((each) => JSON.stringify(each))).size).toBe(1);
    for (const part of parts) {
      const bytes = readFileSync(part);
      writeFileSync(part, bytes.fill(7, bytes.length - 4));
      const after = await Promise.all(parts.map(print));
      expect(after[0]).not.toEqual(before[0]);
      expect(after[1]).toEqual(after[0]);
      before[0] = after[0];
    }
  });

  test("hashFile() names the first part, and sums up the sizes", async () => {
    const size = parts.reduce((sum, path) => sum + statSync(path).size, 0);
    expect(await hashFile(parts[2])).toMatchObject({ file: basename(parts[0]), size });
  });
});

describe("a head attached to a split model", () => {
  const trunk = tinyModel({ labels: undefined });

  test.each<[what: string, alignment: number, emptyFirst: boolean]>([
    ["makes one file", 32, false],
    ["makes one file of parts whose first is empty", 32, true],
    ["keeps another alignment", 256, false],
  ])("%s: what attaching to the whole gives", async (_, alignment, emptyFirst) => {
    const metadata = { ...trunk.metadata, "general.alignment": { type: "u32", value: alignment } as const };
    const content = { metadata, tensors: trunk.tensors, alignment };
    const split = writeSplitGguf(join(folder, "trunk.gguf"), content, COUNT, { emptyFirst });
    writeGguf(whole, content);
    const [out, expected] = [join(folder, "out.gguf"), join(folder, "expected.gguf")];
    await attachReward({ model: split[1], head, out });
    await attachReward({ model: whole, head, out: expected });
    expect(readFileSync(out).equals(readFileSync(expected))).toBe(true);
    for (const part of split) rmSync(part);
    expect(await rewardOf(out)).toBe(await rewardOf(expected));
  });

  test("does not take the place of a part", async () => {
    const before = parts.map((path) => readFileSync(path));
    for (const out of [...parts, join(folder, "link.gguf")]) {
      if (!parts.includes(out)) symlinkSync(parts[1], out);
      await expectError(() => attachReward({ model: parts[0], head, out }), "OPTION_INVALID", /out must not be a file that is read/);
      const pairs = [{ prompt: "a", chosen: "b", rejected: "c" }];
      await expectError(() => fitReward({ model: parts[0], pairs, out, ...CPU }), "OPTION_INVALID", /out must not be a file that is read/);
    }
    expect(parts.map((path) => readFileSync(path))).toEqual(before);
  });

  test("by reward fit, too", async () => {
    const letters = "abcdefghijklmnopqrstuvwxyz";
    const pairs = Array.from({ length: 26 }, (_, index) => ({
      prompt: "say",
      chosen: `good ${letters[index]}`,
      rejected: `${letters[index]} bad`,
    }));
    const fitted = async (trunkPath: string, name: string): Promise<number> => {
      const out = join(folder, name);
      await fitReward({ model: trunkPath, pairs, out, template: "none", ...CPU });
      return rewardOf(out);
    };
    expect(await fitted(parts[0], "split-fit.gguf")).toBe(await fitted(whole, "whole-fit.gguf"));
    expect(readdirSync(folder).filter((name) => /features|tmp/.test(name))).toEqual([]);
  });
});

describe("parts that are not as they should be", () => {
  const all = (path: string): [string, () => Promise<unknown>][] => [
    ["load", () => load({ policy: path, ...CPU })],
    ["inspect", () => inspect(path)],
    ["attach", () => attachReward({ model: path, head, out: join(folder, "out.gguf") })],
  ];

  test.each([0, 1, 2])("part %i missing is FILE_NOT_FOUND, and named", async (index) => {
    rmSync(parts[index]);
    const other = parts[(index + 1) % COUNT];
    for (const [, work] of all(other)) {
      await expectError(work, "FILE_NOT_FOUND", `no such file: ${parts[index]}, which is part ${index + 1} of 3 of the model ${other}`);
    }
    expect(readdirSync(folder)).not.toContain("out.gguf");
  });

  test("a part under another name is told how it must be called", async () => {
    const renamed = join(folder, "renamed.gguf");
    renameSync(parts[0], renamed);
    const message =
      /renamed\.gguf is part 1 of 3 of a split model, so its name must end in -00001-of-00003\.gguf.*llama-gguf-split --merge/;
    for (const [, work] of all(renamed)) await expectError(work, "MODEL_INVALID", message);
  });

  test("a part in the place of another", async () => {
    copyFileSync(parts[2], parts[1]);
    for (const [, work] of all(parts[0])) await expectError(work, "MODEL_INVALID", /-00002-of-00003\.gguf is not what its name says/);
  });

  const [, , last] = splitGguf(model, COUNT);
  test.each<[what: string, part: GgufContent, message: RegExp]>([
    ["another model", splitGguf(tinyModel({ layers: 1 }), COUNT)[2], /has the tensor \S+, which another part has already\. They do not/],
    ["the model as it was with fewer tensors", { ...last, tensors: last.tensors.slice(1) }, /have 20 tensors together, not the 21 that/],
  ])("a part of %s", async (_, part, message) => {
    writeGguf(parts[2], part);
    for (const [, work] of all(parts[0])) await expectError(work, "MODEL_INVALID", message);
  });

  test("a tensor that two parts have", async () => {
    const { metadata, tensors } = model;
    const twice = { metadata, tensors: [...tensors.slice(0, -1), tensors[0]] };
    const [first] = writeSplitGguf(join(folder, "twice.gguf"), twice, COUNT);
    for (const [, work] of all(first))
      await expectError(work, "MODEL_INVALID", /-00003-of-00003\.gguf has the tensor token_embd\.weight, which/);
    expect(readdirSync(folder).filter((name) => name.startsWith("out"))).toEqual([]);
  });

  test("a part cut short, or that is no GGUF", async () => {
    const bytes = readFileSync(parts[1]);
    writeFileSync(parts[1], bytes.subarray(0, bytes.length - 100));
    for (const [, work] of all(parts[0])) await expectError(work, "MODEL_INVALID", /-00002-of-00003\.gguf is cut short/);
    writeFileSync(parts[1], "hello");
    for (const [, work] of all(parts[0])) await expectError(work, "NOT_GGUF", "-00002-of-00003.gguf");
  });

  test("a weight in a format that nothing computes with, in a later part", async () => {
    const { metadata, tensors } = model;
    const [, , typed] = writeSplitGguf(join(folder, "typed.gguf"), { metadata, tensors }, COUNT);
    const bytes = readFileSync(typed);
    const name = Buffer.from("output.weight");
    bytes.writeUInt32LE(26, bytes.indexOf(name) + name.length + 4 + 16); // i32
    writeFileSync(typed, bytes);
    await expectError(
      () => load({ policy: typed, ...CPU }),
      "MODEL_INVALID",
      /cannot compute with the tensor \S*output\.weight in the format i32/,
    );
  });
});
