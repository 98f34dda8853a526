/** --isolate changes where the engine runs, and nothing of what is printed. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { argsearch } from "./run.js";

it.each([
  ["generate", ["--prompt", "Hello", "--max-tokens", "6", "--seed", "1"]],
  ["score", ["--prompt", "Hello", "--response", "Yes."]],
  ["score of what no tokenizer reads", ["--prompt", "Hello", "--response", ""]],
])("%s", async (command, args) => {
  const words = [command.split(" ")[0] ?? "", ...args, "--gpu", "off"];
  expect(await argsearch([...words, "--isolate"])).toEqual(await argsearch(words));
});

it("eval", async () => {
  const folder = await mkdtemp(join(tmpdir(), "argsearch-isolate-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const data = join(folder, "prompts.jsonl");
  await writeFile(data, '{"prompt":"Hello"}\n{"prompt":"Good morning"}\n');
  const words = ["eval", "--data", data, "--methods", "greedy,args-greedy", "--max-tokens", "4", "--gpu", "off", "--no-report"];
  const responses = async (name: string, ...more: string[]) => {
    const out = join(folder, name);
    expect(await argsearch([...words, "--out", out, ...more])).toMatchObject({ code: 0 });
    const lines = (await readFile(join(out, "responses.jsonl"), "utf8")).trim().split("\n");
    return lines.map((line) => ({ ...JSON.parse(line), milliseconds: 0 }));
  };
  expect(await responses("apart", "--isolate")).toEqual(await responses("here"));
});
