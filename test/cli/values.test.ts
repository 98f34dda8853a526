import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { escapedTexts, integer, labelWeight, list, number, rewardTerm } from "../../src/cli/flags/values.js";
import { scratch } from "./run.js";

describe("numbers", () => {
  it.each([
    ["1", 1],
    ["-0.5", -0.5],
    [".25", 0.25],
    ["3.", 3],
    ["1e-3", 0.001],
  ])("%s", (text, value) => {
    expect(number(text)).toBe(value);
  });

  it.each(["", " ", "10x", "NaN", "Infinity", "1e999", "0x10", "1,5", "--1", " 1"])("refuses %j", (text) => {
    expect(() => number(text)).toThrow(`Not a number: "${text}".`);
  });

  it.each(["", "1.5", "1e3", "10x", "NaN", "9007199254740993"])("refuses %j as a whole number", (text) => {
    expect(() => integer(text)).toThrow("Not a whole number");
  });
});

describe("--reward", () => {
  it("splits a weight off at the last =", () => {
    expect(rewardTerm("a.gguf=0.7")).toEqual([{ reward: "a.gguf", weight: 0.7 }]);
    expect(rewardTerm("C:\\models\\a=b.gguf=-1")).toEqual([{ reward: "C:\\models\\a=b.gguf", weight: -1 }]);
  });

  it("may be a path without a weight", () => {
    expect(rewardTerm("C:\\models\\a.gguf")).toEqual([{ reward: "C:\\models\\a.gguf" }]);
  });

  it("says what is wrong where what follows the last = is no weight, and there is no such file", () => {
    expect(() => rewardTerm("models/k=10.gguf")).toThrow(
      'A weight is a number, such as 0.7 or -1, not "10.gguf". There is no file "models/k=10.gguf".',
    );
    expect(() => rewardTerm("x.gguf=abc")).toThrow('not "abc"');
    expect(() => rewardTerm("x.gguf=")).toThrow('not ""');
  });

  it("prefers a file that exists under the whole text", async () => {
    const named = join(await scratch(), "k=10.gguf");
    await writeFile(named, "");
    expect(rewardTerm(named)).toEqual([{ reward: named }]);
    const file = join(await scratch(), "weight=0.5");
    await writeFile(file, "");
    expect(rewardTerm(file)).toEqual([{ reward: file }]);
    expect(rewardTerm(`${file}=2`)).toEqual([{ reward: file, weight: 2 }]);
    expect(() => rewardTerm(`${file}=2x`)).toThrow('A weight is a number, such as 0.7 or -1, not "2x".');
  });

  it("collects", () => {
    expect(rewardTerm("b", rewardTerm("a"))).toEqual([{ reward: "a" }, { reward: "b" }]);
    expect(list("y", list("x"))).toEqual(["x", "y"]);
  });

  it("refuses a weight without a file", () => {
    expect(() => rewardTerm("=0.5")).toThrow("No file");
  });
});

describe("--label", () => {
  it("is a name and a weight", () => {
    expect(labelWeight("a=b=2", 1)).toEqual([{ reward: 1, name: "a=b", weight: 2 }]);
  });

  it.each(["helpful", "=1"])("refuses %j", (text) => {
    expect(() => labelWeight(text, 0)).toThrow("NAME=WEIGHT");
  });

  it("refuses a weight that is no number", () => {
    expect(() => labelWeight("helpful=much", 0)).toThrow('A weight is a number, such as 0.7 or -1, not "much".');
  });
});

describe("--stop", () => {
  it.each([
    ["end", "end"],
    ["\\n", "\n"],
    ["\\n\\nHuman:", "\n\nHuman:"],
    ["\\t|\\r|\\\\|", "\t|\r|\\|"],
    ["\\\\n", "\\n"],
    ["\\\\\\n", "\\\n"],
    ["\\x41\\x0a\\xff", "A\n\xff"],
    ["\\u{41}\\u{1F600}\\u{0}", "A\u{1f600}\0"],
    ["\\u0041", "\\u0041"],
    ["a real\nline end", "a real\nline end"],
    ["\\end{document}\\", "\\end{document}\\"],
    ["\\x4 \\x \\u \\u{} \\u{x} \\N \\0", "\\x4 \\x \\u \\u{} \\u{x} \\N \\0"],
  ])("%j is %j", (typed, meant) => {
    expect(escapedTexts(typed)).toEqual([meant]);
  });

  it("collects, and refuses what is no character", () => {
    expect(escapedTexts("\\t", escapedTexts("\\n"))).toEqual(["\n", "\t"]);
    for (const typed of ["\\u{110000}", "\\u{d800}", "\\u{ffffffffff}"]) expect(() => escapedTexts(typed)).toThrow("no character");
  });
});
