/** Worker threads end at any moment; the others and the process go on. */
import { describe, expect, test } from "vitest";
import { modelFolder } from "../helpers/model-folder.js";
import { CALLS, REPEATS, runProgram } from "./child.js";
import { slowPair } from "./models.js";

const { policy, reward } = slowPair(modelFolder());

const run = (scenario: string, ...args: string[]) =>
  runProgram("workers.mjs", [scenario, policy.path, reward.path, String(REPEATS), ...args]);

describe("a worker that is terminated, or ends itself, while", () => {
  test.each(["idle", "loading", "prefilling", "decoding", "scoring", "rewarding by function", "disposing", "exiting", "throwing"])(
    "%s",
    async (task) => {
      expect(await run("stop", task)).toEqual({ ended: 0, lines: ["true"], stderr: "" });
    },
  );
});

describe("a worker that is terminated in the middle of", () => {
  test.each(CALLS)("%s", async (call) => {
    expect(await run("stop", call)).toEqual({ ended: 0, lines: ["true"], stderr: "" });
  });
});

describe("several environments", () => {
  test.each<[scenario: string, line: string]>([
    ["one after another", "1"],
    ["side by side", "1"],
    ["in the middle of work", "true"],
    ["eight at once", "true"],
  ])("%s", async (scenario, line) => {
    expect(await run(scenario)).toEqual({ ended: 0, lines: [line], stderr: "" });
  });

  test("the process exits while workers run", async () => {
    for (let repeat = 0; repeat < REPEATS; repeat++) {
      expect(await run("exit of the process")).toEqual({ ended: 7, lines: [], stderr: "" });
    }
  });
});
