/** Commands that grow a file beside their output: two of them at once on one output, and what is left when they end. */
import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { argsearch, parseLines, policy, scratch, start } from "./run.js";

interface Case {
  args: string[];
  /** Of the running command. */
  lock: string;
  out: string;
  /** Everything in the folder when it is done. */
  files: string[];
}

const LINES = 300;

async function jsonLines(path: string, line: (index: number) => unknown, count = LINES): Promise<string> {
  await writeFile(path, Array.from({ length: count }, (_, index) => `${JSON.stringify(line(index))}\n`).join(""));
  return path;
}

const CASES: Record<string, () => Promise<Case>> = {
  "score --out": async () => {
    const folder = await scratch();
    const input = await jsonLines(join(folder, "in.jsonl"), (index) => ({ prompt: `Question ${index}`, response: "One two three." }));
    const out = join(folder, "out.jsonl");
    return { args: ["score", "--input", input, "--out", out], lock: `${out}.partial.lock`, out, files: ["in.jsonl", "out.jsonl"] };
  },
  "generate --input --out": async () => {
    const folder = await scratch();
    const input = await jsonLines(join(folder, "in.jsonl"), (index) => ({ prompt: `Question ${index}` }), 60);
    const out = join(folder, "out.jsonl");
    const args = ["generate", "--input", input, "--out", out, "--max-tokens", "24"];
    return { args, lock: `${out}.partial.lock`, out, files: ["in.jsonl", "out.jsonl"] };
  },
  "generate --trace": async () => {
    const folder = await scratch();
    const out = join(folder, "steps.jsonl");
    const args = ["generate", "--prompt", "Tell me a long story.", "--max-tokens", "120", "--trace", out];
    return { args, lock: `${out}.partial.lock`, out, files: ["steps.jsonl"] };
  },
  "reward fit": async () => {
    const folder = await scratch();
    const pair = (index: number) => ({
      prompt: `How do I make ${index}?`,
      chosen: `First gather ${index}.`,
      rejected: `well ${index} well`,
    });
    const [pairs, out] = [await jsonLines(join(folder, "pairs.jsonl"), pair, 60), join(folder, "rm.gguf")];
    const args = ["reward", "fit", "--model", policy, "--pairs", pairs, "--out", out, "--threads", "1"];
    return { args, lock: `${out}.partial.lock`, out, files: ["pairs.jsonl", "rm.gguf"] };
  },
  eval: async () => {
    const folder = await scratch();
    const data = await jsonLines(join(folder, "prompts.jsonl"), (index) => ({ prompt: `Question ${index}` }), 8);
    const out = join(folder, "results");
    const args = ["eval", "--data", data, "--methods", "greedy", "--max-tokens", "16", "--threads", "1", "--no-report", "--out", out];
    return {
      args,
      lock: join(out, "lock"),
      out: join(out, "responses.jsonl"),
      files: ["responses.jsonl", "results.json", "settings.json"],
    };
  },
};

const until = (path: string) => expect.poll(() => existsSync(path), { timeout: 20_000, interval: 2 }).toBe(true);

describe.skipIf(process.platform === "win32").each(Object.entries(CASES))("%s", (_name, make) => {
  it("refuses a second writer, and the first one's output is whole", async () => {
    const { args, lock, out, files } = await make();
    const first = start(args);
    await until(lock);
    first.child.kill("SIGSTOP");
    const second = await argsearch(args);
    expect(second).toMatchObject({ code: 1, stderr: expect.stringMatching(/^argsearch: .* is in use by process \d+ on .* \[BUSY\]\n$/) });
    first.child.kill("SIGCONT");
    expect(await first.outcome).toMatchObject({ code: 0 });
    expect((await readdir(dirname(out))).sort()).toEqual(files);
    if (out.endsWith(".jsonl")) expect(parseLines(await readFile(out, "utf8")).length).toBeGreaterThan(7);
  });

  it("goes on from where it was killed, and leaves nothing behind", async () => {
    const { args, lock, out, files } = await make();
    const killed = start(args);
    await until(lock);
    killed.child.kill("SIGKILL");
    await killed.outcome;
    expect(existsSync(lock)).toBe(true);
    expect(await argsearch(args)).toMatchObject({ code: 0 });
    expect((await readdir(dirname(out))).sort()).toEqual(files);
  });

  it.each([
    ["SIGTERM", ["SIGTERM"]],
    ["an impatient Ctrl-C", ["SIGINT", "SIGINT"]],
  ] as const)("gives its output free after %s", async (_what, signals) => {
    const { args, lock } = await make();
    const ended = start(args);
    await until(lock);
    for (const signal of signals) ended.child.kill(signal);
    expect((await ended.outcome).code).toBe(signals[0] === "SIGTERM" ? 143 : 130);
    expect(existsSync(lock)).toBe(false);
  });
});
