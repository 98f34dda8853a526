import { expect, it } from "vitest";
import { coreIds, defaultThreads } from "../../src/engine/threads.js";

it("counts physical cores, not their threads", () => {
  const processor = (socket: number, core: number): string => `processor\t: 0\nphysical id\t: ${socket}\ncore id\t\t: ${core}\n`;
  const listed = [processor(0, 0), processor(0, 1), processor(0, 0), processor(1, 0)].join("\n");
  expect([...coreIds(listed)]).toEqual(["0:0", "0:1", "1:0"]);
  expect(coreIds("processor\t: 0\nBogoMIPS\t: 50\n").size).toBe(0);
});

it("uses one thread for a small model, else between 1 and 16", () => {
  expect(defaultThreads(4_000_000)).toBe(1);
  expect(defaultThreads(4_000_000_000)).toBeGreaterThanOrEqual(1);
  expect(defaultThreads(4_000_000_000)).toBeLessThanOrEqual(16);
});
