/** The examples run as they are, and say what they promise. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { packageRoot } from "../../src/package-root.js";

it.each([
  ["chat", /reward \d.*, eog, 0 of 1\d[\s\S]*lemon cake\.\n[\s\S]*reward \d\S+, eog, \d{2,} of \d+ prompt tokens were cached/],
  ["word-rules", /no rules\][\s\S]*first aid box[\s\S]*guest list[\s\S]*bannedWords\](?![\s\S]*(first aid box|guest list))/],
  ["own-reward", /1\. [\s\S]*noQuestions: 0/],
  ["ask", /polite: 0\.\d\d\nasks back: 0\.\d\d\npolite 0\.\d\d, asks back 0\.\d\d\npolite 0\.\d\d, asks back 0\.\d\d\n$/],
  ["own-metric", /^questions, ARGS less greedy: -\d/m],
  [
    "contrast",
    /weight 0: [^\n]*\?[\s\S]*e\^-\d[\s\S]*weight 1: [^?]*\n1\. [\s\S]*e\^\d[\s\S]*\n(\d+) steps decoded \1 tokens of the policy and \1 of the reward/,
  ],
])("%s.mjs", async (name, expected) => {
  const { stdout } = await promisify(execFile)(process.execPath, [join(packageRoot, "examples", `${name}.mjs`)]);
  expect(stdout).toMatch(expected);
});
