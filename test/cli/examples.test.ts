/** The examples run as they are, and say what they promise. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { packageRoot } from "../../src/package-root.js";

it.each([
  ["chat", /reward \d.*, eog, 0 of 16[\s\S]*reward \S+, eog, \d{2,} of \d+ prompt tokens were cached/],
  ["word-rules", /no rules\][\s\S]*loudspeaker[\s\S]*guest list[\s\S]*bannedWords\](?![\s\S]*(loudspeaker|guest list))/],
  ["own-reward", /1\. [\s\S]*noQuestions: 0/],
  ["own-metric", /^questions, ARGS less greedy: -\d/m],
])("%s.mjs", async (name, expected) => {
  const { stdout } = await promisify(execFile)(process.execPath, [join(packageRoot, "examples", `${name}.mjs`)]);
  expect(stdout).toMatch(expected);
});
