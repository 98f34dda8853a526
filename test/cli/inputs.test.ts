/** No command writes over what it reads. */
import { copyFile, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { argsearch, policy, scratch } from "./run.js";

const TEXT = '{"text":"a"}\n';
const PAIRS = '{"prompt":"a","chosen":"b","rejected":"c"}\n';
const TEMPLATE = "{{ messages[0].content }}";

/** Content of the file that is read, the command, and the flag that names the output. */
const CASES: Record<string, [content: string | { from: string }, args: (file: string, pairs: string) => string[], flag: string]> = {
  "score --input - < FILE": [TEXT, (file) => ["score", "--input", "-", "--out", file], "--out"],
  "score --template": [TEMPLATE, (file, pairs) => ["score", "--input", pairs, "--template", file, "--out", file], "--out"],
  "score --reward-template": [
    TEMPLATE,
    (file, pairs) => ["score", "--input", pairs, "--reward", policy, "--reward-template", file, "--out", file],
    "--out",
  ],
  "reward fit --pairs": [PAIRS, (file) => ["reward", "fit", "--model", policy, "--pairs", file, "--out", file], "--out"],
  "reward fit --template": [
    TEMPLATE,
    (file, pairs) => ["reward", "fit", "--model", policy, "--pairs", pairs, "--template", file, "--out", file],
    "--out",
  ],
  "reward attach --head": ['{"weight":[1]}', (file) => ["reward", "attach", "--model", policy, "--head", file, "--out", file], "--out"],
  "generate --policy": [{ from: policy }, (file) => ["generate", "--prompt", "a", "--policy", file, "--trace", file], "--trace"],
  "generate --template": [TEMPLATE, (file) => ["generate", "--prompt", "a", "--template", file, "--trace", file], "--trace"],
  "generate --input": [PAIRS, (file) => ["generate", "--input", file, "--out", file], "--out"],
  "generate --input - < FILE": [PAIRS, (file) => ["generate", "--input", "-", "--out", file], "--out"],
  "generate --input --template": [TEMPLATE, (file, pairs) => ["generate", "--input", pairs, "--template", file, "--out", file], "--out"],
  "generate < FILE": ["Hello", (file) => ["generate", "--prompt", "-", "--trace", file], "--trace"],
};

describe.skipIf(process.platform === "win32").each(Object.entries(CASES))("%s", (_name, [content, args, flag]) => {
  it("is not written over", async () => {
    const folder = await scratch();
    const [file, pairs] = [join(folder, "read"), join(folder, "pairs.jsonl")];
    await writeFile(pairs, PAIRS);
    if (typeof content === "string") await writeFile(file, content);
    else await copyFile(content.from, file);
    const before = await readFile(file);
    const { code, stderr } = await argsearch(args(file, pairs), { stdinFile: file });
    expect(stderr).toBe(
      `argsearch: ${flag} must not be a file that is read: ${file} is ${args(file, pairs).includes("-") ? "standard input" : file}; name another file [OPTION_INVALID]\n`,
    );
    expect(code).toBe(2);
    expect((await readFile(file)).equals(before)).toBe(true);
    expect((await readdir(folder)).sort()).toEqual(["pairs.jsonl", "read"]);
  });
});
