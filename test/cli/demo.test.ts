import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { argsearch, scratch } from "./run.js";

it("shows greedy decoding and ARGS side by side, with numbers where there are no colours", async () => {
  const { code, stdout, stderr } = await argsearch(["demo", "--prompts", "1"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(/^› Can you help me set up a light show\?$/m);
  expect(stdout).toMatch(/^greedy \(w = 0\) +│ ARGS \(w = 0\.6\)$/m);
  expect(stdout).not.toContain("\u001b");
  const [greedy = 0, args = 0] =
    stdout
      .match(/^average +(-?[\d.]+) +(-?[\d.]+)/m)
      ?.slice(1)
      .map(Number) ?? [];
  expect(args).toBeGreaterThan(greedy);
});

it("draws the same as a picture", async () => {
  const file = join(await scratch(), "demo.svg");
  const { code } = await argsearch(["demo", "--prompts", "0", "--svg", file]);
  expect(code).toBe(0);
  const picture = await readFile(file, "utf8");
  expect(picture).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
  expect(picture.match(/<text/g)?.length).toBe(picture.match(/<\/text>/g)?.length);
  expect(picture).toContain("Can you help me set up a light show?");
});
