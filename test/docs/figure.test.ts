/** docs/args-step.svg shows what the embedded pair decodes, and `npm run figure` draws it again. */
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { type Candidate, load, type Step } from "../../src/index.js";
import { root, scratch, startScript } from "../cli/run.js";

interface Drawn {
  text: string;
  logProb: number;
  reward: number;
  score: number;
  taken: boolean;
}

const COMMITTED = readFileSync(join(root, "docs", "args-step.svg"), "utf8");

/** The candidates of a figure, one array a step. */
function steps(svg: string): Drawn[][] {
  return svg
    .split("Step ")
    .slice(1)
    .map((step) =>
      [...step.matchAll(/data-text="(.*?)" data-log-prob="(.*?)" data-reward="(.*?)" data-score="(.*?)"( data-taken)?/g)].map(
        ([, text = "", logProb, reward, score, taken]) => ({
          text: text.replace("\ufffd", "\n"),
          logProb: Number(logProb),
          reward: Number(reward),
          score: Number(score),
          taken: taken !== undefined,
        }),
      ),
    );
}

it("is what the embedded pair decodes", async () => {
  const decoder = await load({ threads: 1 });
  const decoded: Step[] = [];
  for await (const step of decoder.stream("Can you help me set up a light show?", {
    weight: 0.6,
    topK: 10,
    candidates: true,
    maxTokens: 3,
  })) {
    decoded.push(step);
  }
  await decoder.dispose();
  const drawn = steps(COMMITTED);
  expect(drawn.map((each) => each.length)).toEqual([10, 4, 4]);
  for (const [at, candidates] of drawn.entries()) {
    const step = decoded[at];
    for (const { text, logProb, reward, score, taken } of candidates) {
      const found = step?.candidates?.find((each: Candidate) => each.text === text);
      // Another processor rounds F16 sums in another order.
      expect(logProb, text).toBeCloseTo(found?.logProb ?? Number.NaN, 1);
      expect(reward, text).toBeCloseTo(found?.reward ?? Number.NaN, 1);
      expect(score, text).toBeCloseTo(0.4 * logProb + 0.6 * reward, 3);
      expect(taken, text).toBe(found?.token === step?.token);
    }
  }
});

it("shows the reward overturning the likeliest token, then agreeing with it", () => {
  const [first = [], ...others] = steps(COMMITTED);
  const best = (candidates: Drawn[], key: "logProb" | "score") => candidates.reduce((a, b) => (b[key] > a[key] ? b : a));
  expect(best(first, "score").taken).toBe(true);
  expect(best(first, "logProb").taken).toBe(false);
  for (const each of others) expect([best(each, "score").taken, best(each, "logProb").taken]).toEqual([true, true]);
});

it("is drawn again by its script", async () => {
  const file = join(await scratch(), "figure.svg");
  const { code, stderr } = await startScript("scripts/figure.mjs", [file]).outcome;
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const again = await readFile(file, "utf8");
  const numbers = /-?\d+\.\d+|−\d+\.\d+/g;
  // The same drawing, numbers aside; those are checked above.
  expect(again.replace(numbers, "N")).toBe(COMMITTED.replace(numbers, "N"));
});
