import { expect, it } from "vitest";
import { growthOver } from "../helpers/memory.js";
import { modelFolder } from "../helpers/model-folder.js";

const folder = modelFolder();

it("1,000 load/generate/dispose cycles grow resident memory by less than 20 MB; test/slow has the embedded pair", async () => {
  const { policy, reward } = folder.writePair(142);
  expect(await growthOver(1000, 50, policy.path, reward.path)).toBeLessThan(20);
});
