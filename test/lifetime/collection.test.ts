/** Objects that nobody disposes of are freed with their threads, and never while something of theirs runs. */
import { expect, test } from "vitest";
import { modelFolder } from "../helpers/model-folder.js";
import { runProgram } from "./child.js";
import { slowPair } from "./models.js";

const { policy, reward } = slowPair(modelFolder());

test.each<[scenario: string, lines: string[]]>([
  ["forgotten objects", ["true", "true"]],
  ["forgotten while it runs", ["30 30", "alive"]],
  ["a stream forgotten half-way", ["true"]],
  ["forgotten after dispose", ["alive"]],
  ["the addon loaded twice", ["true", "true", "FILE_NOT_FOUND"]],
])("%s", async (scenario, lines) => {
  const ended = await runProgram("collection.mjs", [scenario, policy.path, reward.path], { node: ["--expose-gc"] });
  expect(ended).toEqual({ ended: 0, lines, stderr: "" });
});
