import { expect, it } from "vitest";
import { growthOver } from "../helpers/memory.js";
import { modelFolder } from "../helpers/model-folder.js";

const folder = modelFolder();

it("100 load/generate/dispose cycles hardly grow resident memory; test/slow has the thousand", async () => {
  const { policy, reward } = folder.writePair(142);
  expect(await growthOver(100, 20, policy.path, reward.path)).toBeLessThan(10);
});
