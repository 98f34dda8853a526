/** `reward fit --tune`: from pairs to settings in one command. Its defaults decode for a while. */
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { TuneResult } from "../../src/evaluate/index.js";
import { argsearch, policy, scratch } from "../cli/run.js";

it("reward fit ends with how strong the head may guide the model that it was fitted on", async () => {
  const folder = await scratch();
  const [pairs, prompts, out] = [join(folder, "pairs.jsonl"), join(folder, "prompts.jsonl"), join(folder, "rm.gguf")];
  const lines = Array.from({ length: 40 }, (_, index) => {
    const answers = { chosen: `First gather what you need. Then work in ${index % 5} steps.`, rejected: "well ".repeat(3 + (index % 6)) };
    return JSON.stringify({ prompt: `How do I make soup number ${index}?`, ...answers });
  });
  await writeFile(pairs, lines.join("\n"));
  await writeFile(prompts, '{"prompt":"Hello"}\n{"prompt":"How do I make soup?"}\n');
  const fit = ["reward", "fit", "--model", policy, "--pairs", pairs, "--out", out, "--threads", "1"];
  const { code, stdout } = await argsearch([...fit, "--tune", prompts, "--json"]);
  const { tune } = JSON.parse(stdout) as { tune: TuneResult };
  expect(tune.points.map(({ weight }) => weight)).toEqual([0.1, 0.2, 0.3, 0.4, 0.5, 0.6]);
  expect(code).toBe(tune.settings === null ? 1 : 0);
  expect(existsSync(join(`${out}.tune`, "settings.json"))).toBe(tune.settings !== null);
  expect(await readFile(join(`${out}.tune`, "report.md"), "utf8")).toContain("rm.gguf");
});
