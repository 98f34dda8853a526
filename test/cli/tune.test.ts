import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { EvaluationResults } from "../../src/evaluate/index.js";
import { argsearch, policy, reward, scratch } from "./run.js";

const PROMPTS = ["Hello", "How do I bake bread?", "Help me plan a trip."];
const QUICK = ["--max-tokens", "8", "--threads", "1", "--weights", "0.2,0.4", "--min-ended", "off"];

async function prompts(folder: string, lines = PROMPTS.map((prompt) => JSON.stringify({ prompt }))): Promise<string> {
  const path = join(folder, "prompts.jsonl");
  await writeFile(path, `${lines.join("\n")}\n`);
  return path;
}

describe("argsearch tune", () => {
  it("prints what every weight costs and writes settings that generate, chat and eval read", async () => {
    const folder = await scratch();
    const [out, data] = [join(folder, "out"), await prompts(folder)];
    const models = ["--policy", policy, "--reward", reward];
    const tuned = await argsearch(["tune", "--prompts", data, ...models, "--min-diversity", "0.1", ...QUICK, "--out", out]);
    expect(tuned.code).toBe(0);
    expect(tuned.stdout).toMatch(/^method +weight +reward +diversity +loops +within\n/);
    expect(tuned.stdout).toMatch(/\nargs-greedy +0\.4 .* yes +chosen\n/);
    expect(tuned.stderr).toBe(
      `Chosen: args-greedy at weight 0.4, the largest of those tried whose text stays within the bounds. No larger one was tried.\n` +
        `settings: ${join(out, "settings.json")}\n`,
    );
    expect((await readdir(out)).sort()).toEqual(["charts", "evaluation", "report.html", "report.md", "settings.json", "tune.json"]);
    expect(await readFile(join(out, "report.md"), "utf8")).toContain("argsearch tune --prompts");

    const settings = ["--settings", join(out, "settings.json")];
    const said = ["--dry-multiplier", "0.8", "--ending", "policy"];
    const generate = (...flags: string[]) => argsearch(["generate", "--prompt", "Hello", "-n", "12", ...models, ...flags]);
    const read = await generate(...settings);
    expect(read).toMatchObject({ code: 0, stdout: (await generate("--weight", "0.4", ...said)).stdout, stderr: "" });
    expect((await generate(...settings, "--weight", "0")).stdout).toBe((await generate("--weight", "0", ...said)).stdout);
    const chat = await argsearch(["chat", "-n", "12", ...models, ...settings], { input: "Hello\n" });
    expect(chat.stdout).toContain(read.stdout.trim());

    const results = join(folder, "results");
    const methods = ["--methods", "greedy,args-greedy,args-stochastic", "--top-k", "4"];
    const evaluated = ["eval", "--data", data, ...models, ...settings, ...methods, "--no-report", "--out", results];
    expect(await argsearch([...evaluated, "--max-tokens", "4", "--threads", "1"])).toMatchObject({ code: 0 });
    const { settings: found } = JSON.parse(await readFile(join(results, "results.json"), "utf8")) as EvaluationResults;
    const common = { dryMultiplier: 0.8, ending: "policy" };
    expect(found.methods).toEqual({
      greedy: { method: "greedy", ...common },
      "args-greedy": { method: "args", topK: 4, weight: 0.4, combine: "interpolate", select: "greedy", ...common },
      "args-stochastic": {
        method: "args",
        topK: 4,
        weight: 0.4,
        combine: "interpolate",
        select: "stochastic",
        temperature: 0.7,
        ...common,
      },
    });
  });

  it("writes no settings where no weight keeps the bounds, says which fails, and exits with 1", async () => {
    const folder = await scratch();
    const out = join(folder, "out");
    const args = ["tune", "--prompts", await prompts(folder), "--min-diversity", "9", ...QUICK, "--out", out];
    const { code, stdout, stderr } = await argsearch([...args, "--json"]);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ settings: null, points: [{ weight: 0.2, within: false }, { weight: 0.4 }] });
    expect(stderr).toMatch(/^argsearch: No weight stays within the bounds\. .*weight 0\.2: diversity is .*, at least 9\.\n$/);
    expect(await readdir(out)).not.toContain("settings.json");
  });

  it("refuses wrong usage with 2, in the words of its flags", async () => {
    const folder = await scratch();
    const data = await prompts(folder);
    for (const [flags, message] of [
      [["--weights", "0.1,x"], /Expected NUMBER,NUMBER/],
      [["--weights", "2"], /--weights must be a number from 0 to 1/],
      [["--methods", "top-p"], /--methods must be of guided methods/],
      [["--count", "0"], /--count must be an integer from 1/],
      [["--max-loops", "many"], /Not a number: "many"/],
    ] as const) {
      const { code, stderr } = await argsearch(["tune", "--prompts", data, "--out", join(folder, "out"), ...flags]);
      expect(code, stderr).toBe(2);
      expect(stderr).toMatch(message);
    }
    const broken = join(folder, "settings.json");
    await writeFile(broken, '{"settings":{"weight":7}}');
    const { code, stderr } = await argsearch(["generate", "--prompt", "Hi", "--settings", broken]);
    expect(code).toBe(1);
    expect(stderr).toContain(`argsearch: ${broken}: settings.weight must be a number from 0 to 1`);
  });
});
