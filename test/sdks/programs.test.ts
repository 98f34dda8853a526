/** The example, and the programs of docs/sdks.md, run as they are printed. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { root } from "../cli/run.js";
import { describeOnNewerNode } from "./newer-node.js";
import { type Serving, serving } from "./serving.js";

const PRINTED = /https?:\/\/127\.0\.0\.1:8080\/v1/;
const page = readFileSync(join(root, "docs", "sdks.md"), "utf8");
const programs = [...page.matchAll(/^#+ (.*)\n(?:(?!^#|```)[\s\S])*```js\n([\s\S]*?)```/gm)].map(([, title = "", text = ""]) => ({
  title,
  text,
}));

async function run(file: string, cwd: string): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [file], { cwd, env: { ...process.env, NODE_OPTIONS: "" } });
  expect(stderr).toBe("");
  return stdout;
}

describeOnNewerNode("programs", () => {
  let server: Serving;
  beforeAll(async () => {
    server = await serving({ slots: 2 });
  });
  afterAll(async () => server[Symbol.asyncDispose]());

  it("examples/ai-sdk.mjs", async () => {
    const said = await run(join(root, "examples", "ai-sdk.mjs"), root);
    expect(said).toMatch(
      /light show!\n\[guided: reward 1\.\d\d, lowest at ".*"\][\s\S]*\[plain: reward -\d[\s\S]*minutes: \d+[\s\S]*guided 1[\s\S]*plain -2/,
    );
  });

  it.each<[string, RegExp]>([
    [
      "The AI SDK, in process",
      /light show!\nreward 1\.\d\d, \d+ tokens, \d+ guided\n\{ title: .*minutes: \d+ \}\n\[ '1: .*', '0: .*' \]\n$/,
    ],
    ["OpenAI's client", /light show!\nreward 1\.\d\d\n[\s\S]*\?/],
    ["The AI SDK", /light show!\nreward 1\.\d\d\n$/],
    ["LangChain", /light show!\nreward 1\.\d\d\n$/],
  ])("docs/sdks.md: %s", async (title, expected) => {
    const text = programs.find((program) => program.title === title)?.text ?? "";
    await mkdir(join(root, ".cache"), { recursive: true });
    const folder = await mkdtemp(join(root, ".cache", "sdks-")); // inside of the package, which then imports itself by name
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const file = join(folder, "program.mjs");
    await writeFile(file, text.replace(PRINTED, server.baseURL));
    expect(await run(file, folder)).toMatch(expected);
  });

  it("are all of the page's", () => {
    expect(programs).toHaveLength(4);
  });
});
