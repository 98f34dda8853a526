import { expect, it } from "vitest";
import { EMBEDDED } from "../../src/index.js";
import { growthOver } from "../helpers/memory.js";

it("1,000 load/generate/dispose cycles of the embedded pair grow resident memory by less than 20 MB", async () => {
  expect(await growthOver(1000, 50, EMBEDDED.policy, EMBEDDED.reward)).toBeLessThan(20);
});
