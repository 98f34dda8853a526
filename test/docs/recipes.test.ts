/** Every recipe of docs/recipes.md runs as it is printed, and does what it says. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it, onTestFinished } from "vitest";
import { root } from "../cli/run.js";

const recipes = new Map(
  readFileSync(join(root, "docs", "recipes.md"), "utf8")
    .split(/^## /m)
    .slice(1)
    .map((section) => [section.slice(0, section.indexOf("\n")), /```js\n(.*?)```/s.exec(section)?.[1] ?? ""]),
);

const EXPECTED: Record<string, RegExp> = {
  "Stream to a terminal": /^Here is how[\s\S]*\n\[eog, \d+ tokens, reward \d\.\d\d\]\n$/,
  "Keep words out": /^(?![\s\S]*(first aid box|guest list))Here is how to set up a light show/,
  "Several rewards": /^reward: (\d\.\d+)\nquestions: 0\.00\nlength: \d+\.00\nweighted sum: \d\.\d+\n$/,
  "Answer a file of prompts":
    /^line 3: no known format .* id\ncake: "Here is how.*", reward -?\d\.\d\d, recorded: With lemons\.\npuppy: "Here is .*", reward -?\d\.\d\d\n2 answered, 1 not\n$/,
  "Score a file": /^line 3: .*"prompt".*\nline 1, "Here is how to bake a lemon cake\.": -?\d\.\d\d\n[\s\S]*2 scored, 1 not/,
  "Best of n": /^(. -?\d\.\d\d\n){4}.*Here is .*light show/,
  "Ask a model": /^0\.\d\d: \S[\s\S]*\n0\.\d\d: Do it yourself\.\n$/,
  "Greedy decoding beside ARGS": /greedy, reward -2[\s\S]*ARGS, reward \d[\s\S]*"\w+" gave way to "Here"/,
  "In a worker thread": /^PROMPT_EMPTY: .*\nHere is how to bake[\s\S]*\ndone\n$/,
  "Fit a reward head on your own pairs": /^held-out pairs told apart at their ends: 1\n.*Here is .*bird photo/,
};
const SHORT = "Keep answers short";
const SERVER = "Answer over HTTP";

it("knows every recipe", () => {
  expect([...recipes.keys()].sort()).toEqual([...Object.keys(EXPECTED), SHORT, SERVER].sort());
});

/** Inside the package, which then imports itself by name; the recipe's own files go there, too. */
async function written(name: string): Promise<{ file: string; cwd: string }> {
  await mkdir(join(root, ".cache"), { recursive: true });
  const cwd = await mkdtemp(join(root, ".cache", "recipe-"));
  onTestFinished(() => rm(cwd, { recursive: true, force: true }));
  const file = join(cwd, "recipe.mjs");
  await writeFile(file, recipes.get(name) ?? "");
  return { file, cwd };
}

async function run(name: string): Promise<string> {
  const { file, cwd } = await written(name);
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [file], { cwd });
  expect(stderr).toBe("");
  return stdout;
}

it.each(Object.entries(EXPECTED))("%s", async (name, expected) => {
  expect(await run(name)).toMatch(expected);
});

it("keeps answers short: the function costs words", async () => {
  const counts = /^as it comes, (\d+) words: Here .*\nkept short, (\d+) words: Here .*\n$/
    .exec(await run(SHORT))
    ?.slice(1)
    .map(Number);
  expect(counts).toHaveLength(2);
  const [asItComes = 0, short = 0] = counts ?? [];
  expect(short).toBeLessThan(asItComes);
});

it("answers over HTTP, ends what nobody waits for, and ends on SIGTERM", async () => {
  const { file, cwd } = await written(SERVER);
  const server = spawn(process.execPath, [file], { cwd, env: { ...process.env, PORT: "0" }, stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void server.kill("SIGKILL"));
  let log = "";
  server.stdout.on("data", (text) => {
    log += text;
  });
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await once(server.stdout, "data");
  };
  const ended = () => log.match(/after \d+ tokens\n/g)?.length ?? 0;
  await until(() => log.includes("\n"));
  const [address = ""] = /http:\S+\//.exec(log) ?? [];
  const ask = (prompt: string, signal?: AbortSignal) =>
    fetch(`${address}?prompt=${encodeURIComponent(prompt)}`, signal === undefined ? {} : { signal });

  expect((await ask("")).status).toBe(400);
  const whole = await (await ask("How do I bake a lemon cake?")).text();
  expect(whole).toMatch(/^event: token\ndata: {"text":"Here","reward":/);
  expect(whole).toMatch(/event: end\ndata: {"reward":[\d.]+,"finishReason":"eog"/);

  // An answer may be over before the server learns that its reader is gone.
  for (let tries = 0; tries < 10 && !log.includes("aborted"); tries++) {
    const before = ended();
    const gone = new AbortController();
    await (await ask("Can you help me set up a light show?", gone.signal)).body?.getReader().read();
    gone.abort();
    await until(() => ended() > before);
  }
  expect(log).toMatch(/aborted after \d+ tokens/);

  const exit = once(server, "exit");
  server.kill("SIGTERM");
  expect(await exit).toEqual([0, null]);
});
