/** Each thread has a logger of its own: a worker's takes nothing from the others, whatever becomes of the worker. */
import { expect, test } from "vitest";
import { modelFolder } from "../helpers/model-folder.js";
import { runProgram } from "./child.js";

const { policy, reward } = modelFolder().writePair(76);

test.each(["ends by itself", "silences its own logger", "exits", "is terminated"])("a worker that %s", async (ending) => {
  const ended = await runProgram("logger.mjs", [ending, policy.path, reward.path]);
  expect(ended).toEqual({ ended: 0, lines: ["true", "true", "true"], stderr: "" });
});
