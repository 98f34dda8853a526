/** Whatever a process does when it ends, it ends as it was told to: no crash, no hang, nothing on standard error. */
import { describe, expect, test } from "vitest";
import { modelFolder } from "../helpers/model-folder.js";
import { CALLS, REPEATS, runProgram } from "./child.js";
import { slowPair } from "./models.js";

const { policy, reward } = slowPair(modelFolder());

const run = (scenario: string, options = {}, call = "") => runProgram("processes.mjs", [scenario, policy.path, reward.path, call], options);

describe("process.exit()", () => {
  test.each([
    "exit while loading",
    "exit while prefilling",
    "exit while decoding",
    "exit while scoring",
    "exit while disposing",
    "exit in a progress callback",
    "exit in a reward function",
  ])("%s", async (scenario) => {
    for (let repeat = 0; repeat < REPEATS; repeat++) {
      const { ended, stderr } = await run(scenario);
      expect({ ended, stderr }).toEqual({ ended: 7, stderr: "" });
    }
  });
});

describe("process.exit() in the middle of", () => {
  test.each(CALLS)("%s", async (call) => {
    for (let repeat = 0; repeat < REPEATS; repeat++) {
      const { ended, stderr } = await run("exit in the middle of", {}, call);
      expect({ ended, stderr }).toEqual({ ended: 7, stderr: "" });
    }
  });
});

describe("the process ends by itself", () => {
  test.each<[scenario: string, lines: string[]]>([
    ["end without dispose", []],
    ["end with work that nobody awaits", ["4 tokens"]],
    ["end with a load that nobody awaits", ["loaded"]],
    ["end with a stream left open", []],
    ["calls in an exit handler", ["called"]],
    ["exit after everything was disposed of", ["running", "DISPOSED"]],
  ])("%s", async (scenario, lines) => {
    expect(await run(scenario)).toEqual({ ended: 0, lines, stderr: "" });
  });
});

describe("the process is ended", () => {
  test("uncaught exception while decoding", async () => {
    const { ended, stderr } = await run("uncaught exception while decoding");
    expect(ended).toBe(1);
    expect(stderr).toContain("out of the blue");
  });

  test("unhandled rejection while decoding: its DISPOSED error is what Node reports", async () => {
    const { ended, stderr } = await run("unhandled rejection while decoding");
    expect(ended).toBe(1);
    expect(stderr).toContain("DISPOSED");
  });

  test.each(["SIGTERM", "SIGINT"] as const)("%s while decoding", async (signal) => {
    const { ended, stderr } = await run("signal while decoding", { kill: { signal, at: "running" } });
    expect({ ended, stderr }).toEqual({ ended: signal, stderr: "" });
  });
});
