/** What README shows runs as it is pasted. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it, onTestFinished } from "vitest";
import { root } from "../cli/run.js";

const readme = readFileSync(join(root, "README.md"), "utf8");

it("the ten lines, and a reward of one's own behind them, run without a file", async () => {
  const [, section = ""] = /\n## Ten lines\n(.*?)\n## /s.exec(readme) ?? [];
  const programs = [...section.matchAll(/```js\n(.*?)```/gs)].map(([, code = ""]) => code);
  expect(programs).toHaveLength(2);
  await mkdir(join(root, ".cache"), { recursive: true });
  const cwd = await mkdtemp(join(root, ".cache", "readme-"));
  onTestFinished(() => rm(cwd, { recursive: true, force: true }));
  const file = join(cwd, "lines.mjs");
  await writeFile(
    file,
    `${programs.join("\n")}\nconsole.log("\\n", finishReason, usage.completionTokens > 0, Math.abs(scored.reward - reward) < 0.01, results.length);
    console.log((await brief.generate(messages, { maxTokens: 4 })).text.length > 0);\nawait brief.dispose();`,
  );
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [file], { cwd });
  expect(stderr).toBe("");
  expect(stdout).toMatch(/^Here is how to set up a light show[\s\S]*\n eog true true 2\ntrue\n$/);
});
