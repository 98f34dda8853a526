import { existsSync } from "node:fs";
import { expect, it } from "vitest";
import { EMBEDDED } from "../../src/index.js";
import { growthOver } from "../helpers/memory.js";
import { modelFolder } from "../helpers/model-folder.js";

const folder = modelFolder();

it("1,000 load/generate/dispose cycles of a random pair grow resident memory by less than 20 MB", async () => {
  const { policy, reward } = folder.writePair(141);
  expect(await growthOver(1000, 50, policy.path, reward.path)).toBeLessThan(20);
});

it.runIf(existsSync(EMBEDDED.policy))("and so do 1,000 cycles of the embedded pair", async () => {
  expect(await growthOver(1000, 50, EMBEDDED.policy, EMBEDDED.reward)).toBeLessThan(20);
});
