/** eval --metric: measures of one's own out of files. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { EvaluatedResponse, EvaluationResults } from "../../src/evaluate/index.js";
import { argsearch, parseLines, scratch } from "./run.js";

const QUICK = ["--max-tokens", "8", "--threads", "1", "--slots", "2", "--methods", "greedy", "args-greedy", "--no-report"];
const LETTERS = `export default { name: "letters", measure: (all) => all.map(({ response }) => response.length) };`;
const PAIR = `export default [
  { name: "letters", measure: async (all) => all.map(({ response }) => 2 * response.length) },
  { name: "asks", share: true, measure: (all) => all.map(({ response }) => Number(response.includes("?"))) },
];`;

async function evaluation() {
  const folder = await scratch();
  const data = join(folder, "prompts.jsonl");
  await writeFile(data, ["How do I bake bread?", "Help me plan a trip."].map((prompt) => `${JSON.stringify({ prompt })}\n`).join(""));
  const out = join(folder, "out");
  const module = async (name: string, text: string): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, text);
    return path;
  };
  const run = (...args: string[]) => argsearch(["eval", "--data", data, "--out", out, ...QUICK, ...args]);
  const results = async () => JSON.parse(await readFile(join(out, "results.json"), "utf8")) as EvaluationResults;
  const mean = async (method: string, of: (response: string) => number): Promise<number> => {
    const all = parseLines<EvaluatedResponse>(await readFile(join(out, "responses.jsonl"), "utf8"));
    const own = all.filter((each) => each.method === method).map(({ response }) => of(response));
    return own.reduce((sum, each) => sum + each, 0) / own.length;
  };
  return { folder, module, run, results, mean };
}

describe("eval --metric", () => {
  it("measures, compares, and a later run measures by what the files say then", async () => {
    const { module, run, results, mean } = await evaluation();
    const first = await run("--metric", await module("letters.mjs", LETTERS));
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(first.stdout).toMatch(/^method .* letters\b/);
    const letters = await mean("greedy", (text) => text.length);
    expect((await results()).methods.greedy?.letters?.mean).toBeCloseTo(letters, 6);
    expect((await results()).comparisons.map(({ metric }) => metric)).toContain("letters");

    expect(await run("--metric", await module("letters.mjs", PAIR))).toMatchObject({ code: 0 });
    const { greedy } = (await results()).methods;
    expect(greedy?.letters?.mean).toBeCloseTo(2 * letters, 6);
    expect(greedy?.asks?.mean).toBeCloseTo(await mean("greedy", (text) => Number(text.includes("?"))), 6);
    const compared = (await results()).comparisons.filter(({ metric }) => metric === "letters");
    expect(compared).toHaveLength(1);

    expect(await run()).toMatchObject({ code: 0 });
    expect((await results()).methods.greedy?.letters?.mean).toBeCloseTo(2 * letters, 6);
  });

  it("takes several files", async () => {
    const { module, run, results } = await evaluation();
    const words = `export default { name: "words", measure: (all) => all.map(({ response }) => response.split(" ").length) };`;
    await run("--metric", await module("a.mjs", LETTERS), "--metric", await module("b.mjs", words));
    expect(Object.keys((await results()).methods.greedy ?? {})).toEqual(expect.arrayContaining(["letters", "words"]));
  });

  it.each([
    ["that throws while it is loaded", "throw new Error('no luck');", "INPUT_INVALID", /m\.mjs cannot be loaded: Error: no luck/],
    ["that is no JavaScript", "{{", "INPUT_INVALID", /m\.mjs cannot be loaded: SyntaxError: /],
    ["that imports what is not there", 'import "./nowhere.mjs";', "INPUT_INVALID", /m\.mjs cannot be loaded: .*nowhere\.mjs/],
    ["without a default export", "export const metric = 1;", "INPUT_INVALID", /m\.mjs has no default export: .*{ name, measure }/],
    ["of another shape", "export default () => 1;", "INPUT_INVALID", /m\.mjs exports a function as its default: /],
    ["of nothing", "export default [];", "INPUT_INVALID", /m\.mjs exports an empty array as its default: /],
    ["with a name that is taken", LETTERS.replace("letters", "reward"), "OPTION_INVALID", /--metric must be of names that are not taken/],
    [
      "that fails to measure",
      `export default { name: "x", measure: () => { throw new TypeError("oh") } };`,
      "INPUT_INVALID",
      /m\.mjs failed to measure "x": TypeError: oh/,
    ],
    [
      "that measures too little",
      `export default { name: "x", measure: () => [1] };`,
      "OPTION_INVALID",
      /metric x must be an array of 2 numbers/,
    ],
  ])("refuses one %s", async (_name, text, code, message) => {
    const { module, run } = await evaluation();
    const { stderr, stdout } = await run("--metric", await module("m.mjs", text));
    expect(stdout).toBe("");
    expect(stderr).toMatch(new RegExp(`^argsearch: [^\\n]* \\[${code}\\]\\n$`));
    expect(stderr).toMatch(message);
  });

  it("refuses what is no file", async () => {
    const { folder, run } = await evaluation();
    await mkdir(join(folder, "dir"));
    expect((await run("--metric", join(folder, "missing.mjs"))).stderr).toMatch(/no such file: .*missing\.mjs.* \[FILE_NOT_FOUND\]\n$/);
    expect((await run("--metric", join(folder, "dir"))).stderr).toMatch(/\[NOT_A_FILE\]\n$/);
  });
});
