/** What of files and models reaches a terminal, and how. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { draw, drawText } from "../../src/cli/page/draw.js";
import { bold } from "../../src/cli/page/line.js";
import { reportError, reportLeftOut, reportLine } from "../../src/cli/terminal/failure.js";
import { histogram, table } from "../../src/cli/terminal/format.js";
import { note, printJson, printText } from "../../src/cli/terminal/output.js";
import { ArgsearchError } from "../../src/index.js";
import { writeRandomModel } from "../helpers/random-model.js";
import { argsearch, policy, scratch } from "./run.js";

/** Colours, a title, a cleared screen: as ESC, as the single characters of C1, and what else moves a cursor. */
const EVIL = "\x1b[31mred\x1b]0;title\x07\x9b2Jgone\x7f\x08\r\x00\x85";
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROLS = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/;

const terminals = { stdout: process.stdout.isTTY, stderr: process.stderr.isTTY };

/** What the work writes; `isTTY`: as if to a terminal. */
async function written(isTTY: boolean, work: () => unknown): Promise<string> {
  let text = "";
  const take = (chunk: unknown): boolean => {
    text += String(chunk);
    return true;
  };
  for (const name of ["stdout", "stderr"] as const) {
    vi.spyOn(process[name], "write").mockImplementation(take);
    process[name].isTTY = isTTY;
  }
  await work();
  return text;
}

afterEach(() => {
  vi.restoreAllMocks();
  process.stdout.isTTY = terminals.stdout;
  process.stderr.isTTY = terminals.stderr;
});

describe("control characters", () => {
  it.each([
    ["an error", () => reportError(new ArgsearchError("INPUT_INVALID", `no ${EVIL} here`))],
    ["another error", () => reportError(new Error(EVIL))],
    ["a line that is left out", () => reportLeftOut(new Error(EVIL), `${EVIL} line 3`)],
    ["a line", () => reportLine(EVIL, "INPUT_INVALID")],
    ["a note", () => note(`wrote ${EVIL}.gguf`, true)],
    ["a table", () => process.stdout.write(table([[EVIL, "x"]]))],
  ])("do not leave with %s, terminal or not", async (_name, work) => {
    vi.stubEnv("NO_COLOR", "1");
    for (const terminal of [true, false]) {
      const text = await written(terminal, work);
      expect(text).not.toMatch(CONTROLS);
      expect(text).toContain("[31mred");
    }
  });

  it.each([
    ["a coloured text", (depth: number) => drawText(EVIL, 0.5, { low: 0, high: 1 }, depth)],
    ["a line of a page", (depth: number) => draw([{ text: EVIL, reward: 0.5 }, bold(EVIL)], { low: 0, high: 1 }, depth)],
  ])("do not leave with %s, whatever colours it is drawn in", (_name, drawn) => {
    for (const depth of [1, 4, 8, 24]) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: what draws the colours itself
      const text = drawn(depth).replace(/\u001b\[(?:0|1|3[369]|38;[\d;]+)m/g, "");
      expect(text).not.toMatch(CONTROLS);
      expect(text).toContain("[31mred");
    }
  });

  it("leave a text and JSON as they are, where that is no terminal", async () => {
    expect(await written(false, () => printText(EVIL))).toBe(EVIL);
    const json = await written(false, () => printJson({ [EVIL]: EVIL }));
    expect(JSON.parse(json)).toEqual({ [EVIL]: EVIL });
  });

  it("do not reach a terminal with a text or JSON, which still means the same", async () => {
    expect(await written(true, () => printText(EVIL))).not.toMatch(CONTROLS);
    const json = await written(true, () => printJson({ [EVIL]: EVIL }));
    expect(json.trimEnd()).not.toMatch(CONTROLS);
    expect(JSON.parse(json)).toEqual({ [EVIL]: EVIL });
  });

  it("line ends become one space in an error, and none tears a table", async () => {
    expect(await written(false, () => reportLine("a \r\n\n b\n", "BUSY"))).toBe("argsearch: a b [BUSY]\n");
    expect(table([["a\nb", "c\td"]])).toBe("a b  c d\n");
  });
});

describe("tables", () => {
  it("may be of any length", () => {
    const rows = Array.from({ length: 200_000 }, (_, at) => [String(at), "x"]);
    const text = table(rows, [0]);
    expect(text.slice(0, 20)).toBe("     0  x\n     1  x\n");
    expect(text.length).toBe(200_000 * 10);
  });

  it("and so may histograms", () => {
    expect(histogram({ low: 0, high: 1, counts: Array.from({ length: 200_000 }, () => 1) }).split("\n")).toHaveLength(200_000);
  });

  it("nothing is nothing", () => {
    expect(table([])).toBe("");
    expect(table([[]])).toBe("\n");
  });
});

describe("commands", () => {
  it("clean the names of fields, files, labels and models", async () => {
    const folder = await scratch();
    const [lines, model] = [join(folder, "lines.jsonl"), join(folder, `r${EVIL.replaceAll("\0", "")}.gguf`)];
    await writeFile(lines, `${JSON.stringify({ [EVIL]: 1 })}\n{"${EVIL}\n`);
    writeRandomModel(model, { seed: 1, labels: [EVIL, `b\n${EVIL}`] });
    const outcomes = await Promise.all([
      argsearch(["score", "--input", lines]),
      argsearch(["reward", "fit", "--model", policy, "--pairs", lines, "--out", join(folder, "out.gguf")]),
      argsearch(["inspect", `${model}-missing`]),
      argsearch(["generate", "--prompt", "x", "--stop", "x", `--${EVIL.replaceAll("\0", "")}`]),
      argsearch(["inspect", model]),
      argsearch(["score", "--reward", model, "--prompt", "the ", "--response", "cat"]),
    ]);
    for (const { stderr, stdout } of outcomes) {
      expect(stderr + stdout).not.toMatch(CONTROLS);
      expect(stderr + stdout).toContain("[31mred");
    }
    const [, , , , { stdout: shown }] = outcomes;
    expect(shown.split("\n").filter((row) => row.startsWith("reward head"))).toEqual([expect.stringContaining("2Jgone")]);
  });
});
