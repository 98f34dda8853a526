import { spawn } from "node:child_process";
import { appendFile, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type EvaluatedResponse, type EvaluationResults, evaluate, writeReport } from "../../src/evaluate/index.js";
import { responseOf } from "./responses.js";
import { resultsOf, saved, scratch, written } from "./results.js";

const ANSWERS = [responseOf(), responseOf({ method: "args-greedy" })];

/** The report of greedy and ARGS-greedy. */
async function reported(
  change: Partial<EvaluationResults> = {},
  answers: readonly EvaluatedResponse[] = ANSWERS,
): ReturnType<typeof written> {
  return written(await saved({ ...resultsOf(), ...change }, answers));
}

describe("the report", () => {
  it("says what was found, beside the paper, in both forms", async () => {
    const { html, markdown } = await reported();
    for (const text of [html, markdown]) {
      for (const part of ["0.199", "0.238", "19.56", "24.97", "64.33", "p.gguf", "1.2.3", "&lt; 0.0002", "argsearch eval"]) {
        expect(text.replaceAll("\\<", "&lt;")).toContain(part);
      }
      expect(text).toContain("Coherence is absent");
    }
    expect(markdown).toContain("| greedy | 0.500 \\[0.400, 0.600\\] | 50.00 \\[40.00, 60.00\\] |");
    expect(markdown).toContain("charts/methods.svg");
  });

  it("is one file: charts inside, nothing loaded", async () => {
    const { html } = await reported();
    expect(html).toContain("<svg");
    expect(html).not.toMatch(/<script|<link|src=|@import|url\(/);
    expect(html.replaceAll(/xmlns(:\w+)?="[^"]*"/g, "")).not.toContain("http");
  });

  it("has whole charts at any width: they scale with their column, and a narrow screen has charts of its own", async () => {
    const { html } = await reported();
    const drawn = [...html.matchAll(/<div class="drawing( narrow)?"><svg([^>]*)>/g)].map(([, narrow, attributes]) => ({
      narrow,
      attributes,
    }));
    expect(drawn.map(({ narrow }) => narrow)).toEqual([undefined, " narrow"]);
    for (const { attributes } of drawn) {
      expect(attributes).toMatch(/ viewBox="0 0 [\d.]+ [\d.]+"/);
      expect(attributes).not.toContain("style");
    }
    const style = html.split("</style>")[0] ?? "";
    expect(style).toContain(".drawing svg { display: block; max-width: 100%; height: auto; }");
    expect(style).toMatch(/\.drawing\.narrow \{ display: none; \}/);
    expect(style).toMatch(/@media \(max-width: \d+px\) \{\s*\.drawing \{ display: none; \}\s*\.drawing\.narrow \{ display: block; \}/);
    expect(style).not.toMatch(/\.drawing[^{]*\{[^}]*overflow/);
  });

  it("colours tokens by their rewards and shows no markup of the model's", async () => {
    const text = "<b>Hi</b> & *you*";
    const pieces = ["<b>Hi</b>", " & *you*"];
    const answer = responseOf({ response: text, pieces, rewards: [-1, 1], prompt: "<script>alert(1)</script>" });
    const { html, markdown } = await reported({}, [answer, { ...answer, method: "args-greedy", rewards: [] }]);
    expect(html).toMatch(/<span style="background:rgba\(230,126,34,[\d.]+\)" title="−1.000">&lt;b&gt;Hi&lt;\/b&gt;<\/span>/);
    expect(html).toMatch(/<span style="background:rgba\(52,120,220,[\d.]+\)" title="1.000"> &amp; \*you\*<\/span>/);
    expect(html).not.toContain("<script>");
    expect(markdown).toContain("> \\<b\\>Hi\\</b\\> & \\*you\\*");
  });

  it("holds no control characters of what it shows", async () => {
    const text = "a\x1b[31mb\x07\x9b";
    const answer = responseOf({ response: `${text}\r\nc`, pieces: [text, "\r\nc"], rewards: [-1, 1], prompt: text });
    for (const content of Object.values(await reported({}, [answer]))) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
      expect(content).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/);
      expect(content).toMatch(/a\ufffd\\?\[31mb\ufffd\ufffd(?!\ufffd)/);
    }
  });

  it("tells of verdicts, bad lines and prompts without an answer", async () => {
    const judged = {
      method: "args-greedy",
      baseline: "greedy",
      model: "judge-7",
      win: 3,
      tie: 1,
      loss: 2,
      unreadable: 1,
      failed: 3,
      unasked: 4,
    };
    const { html } = await reported({
      judge: [
        {
          ...judged,
          winTie: { mean: 4 / 6, low: 0.3, high: 1, count: 6 },
          failures: [{ message: "429 slow down", count: 3 }],
          stopped: "no connection",
        },
      ],
      badLines: [{ line: 17, message: "the line is not JSON" }],
      failures: [{ method: "greedy", index: 4, code: "PROMPT_TOO_LONG", message: "too long" }],
    });
    for (const part of [
      "judge-7",
      "66.67",
      "no connection",
      "3 × 429 slow down",
      "not asked",
      "17 (the line is not JSON)",
      "4 by greedy (too long)",
    ])
      expect(html).toContain(part);
  });

  it("compares every method with greedy decoding, and ARGS-greedy with every other, by measures of one's own too", async () => {
    const methods = ["greedy", "best-of-n", "args-greedy", "args-stochastic"];
    const { html, markdown } = await written(await saved(resultsOf({ methods, metrics: ["reward", "length", "questions"] }), ANSWERS));
    expect(markdown).toContain("| method | average reward | questions |");
    expect(markdown).toContain("| best-of-n | +0.100 \\[+0.000, +0.200\\], p \\< 0.0002 |");
    expect(markdown).toContain("## ARGS-greedy against the other methods");
    // Kept as best-of-n and args-stochastic minus what is before them: the sign follows the row.
    expect(markdown).toContain("| args-greedy against best-of-n | +0.100 ");
    expect(markdown).toContain("| args-greedy against args-stochastic | −0.100 \\[−0.200, +0.000\\]");
    expect(markdown).not.toContain("args-greedy against greedy");
    expect(html).toContain("<td>+0.100<small>[+0.000, +0.200], p &lt; 0.0002</small></td>");
  });

  it("shortens a long prompt, shows a conversation by its last turn, and both whole where they are unfolded", async () => {
    const long = `Tell me about ${"plants and ".repeat(100)}water.`;
    const talk = [
      { role: "user", content: "Hello" },
      { role: "assistant", content: "Hi" },
      { role: "user", content: "Help me" },
    ];
    const answers = [
      { ...responseOf(), index: 0, prompt: long },
      { ...responseOf(), index: 1, prompt: talk },
      { ...responseOf(), index: 2, prompt: "Short" },
    ];
    const results = resultsOf();
    const settings = { ...results.settings, data: { prompts: 3, sha256: "" } };
    const { html, markdown } = await written(await saved({ ...results, settings }, answers));
    const titles = [...html.matchAll(/<h3>(.*?)<\/h3>/g)].map(([, title]) => title);
    expect(titles).toEqual([`${long.slice(0, 240).trimEnd()}…`, "Help me", "Short"]);
    expect(html.match(/<details class="prompt">/g)).toHaveLength(2);
    expect(html).toContain(`<div>${long}</div>`);
    expect(html).toContain("<div>Human: Hello\n\nAssistant: Hi\n\nHuman: Help me\n\nAssistant:</div>");
    expect(markdown).toContain("> Human: Hello");
  });

  it("takes nothing from an evaluation that is running", async () => {
    const dir = await saved(resultsOf(), []);
    const path = join(dir, "responses.jsonl");
    const answers = Array.from({ length: 150 }, (_, index) => `${JSON.stringify(responseOf({ index }))}\n`);
    const parts = answers.flatMap((line) => [line.slice(0, 40), line.slice(40)]);
    const program = `
      const fs = require("node:fs");
      const parts = ${JSON.stringify(parts)};
      const next = () => {
        if (parts.length === 0) return;
        fs.appendFileSync(${JSON.stringify(path)}, parts.shift());
        setTimeout(next, 2);
      };
      next();`;
    const child = spawn(process.execPath, ["-e", program], { stdio: "inherit" });
    let running = true;
    const ended = new Promise((resolve) => child.on("exit", resolve)).finally(() => {
      running = false;
    });
    let reports = 0;
    for (let size = 0; running; reports++) {
      await writeReport(dir);
      const now = (await stat(path)).size;
      expect(now).toBeGreaterThanOrEqual(size);
      size = now;
    }
    expect(await ended).toBe(0);
    expect(reports).toBeGreaterThan(3);
    expect(await readFile(path, "utf8")).toBe(answers.join(""));
  });

  it("of an evaluation that has not ended is about what is there", async () => {
    const out = await scratch();
    const controller = new AbortController();
    const running = evaluate({
      data: ["How do I bake bread?", "Help me plan a trip."],
      methods: ["greedy", "args-greedy"],
      sweep: { weight: [0, 0.6] },
      onProgress: ({ done }) => done === 3 && controller.abort(),
      ...{ maxTokens: 4, threads: 1, slots: 1, out, signal: controller.signal },
    });
    await expect(running).rejects.toMatchObject({ code: "ABORTED" });
    await appendFile(join(out, "responses.jsonl"), '{"method":"args-gree');
    const responses = await readFile(join(out, "responses.jsonl"), "utf8");
    const { markdown } = await written(out);
    expect(markdown).toContain("The evaluation has not ended: 3 of 6 responses are there.");
    const table = markdown.split("## Methods\n")[1]?.split("\n## ")[0];
    expect([...(table ?? "").matchAll(/^\| ([^|]+) \| −?\d/gm)].map(([, name]) => name)).toEqual(["greedy", "args-greedy weight=0"]);
    expect(await readFile(join(out, "responses.jsonl"), "utf8")).toBe(responses);
    expect(await readdir(out)).not.toContain("results.json");
    expect((await reported()).markdown).not.toContain("has not ended");
  });

  it("needs results", async () => {
    await expect(writeReport(await scratch())).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
  });

  it("draws a sweep and several models", async () => {
    const out = await scratch();
    const pair = { policy: "models/policy.gguf", reward: "models/reward.gguf" };
    await evaluate({
      data: ["How do I bake bread?", "Help me plan a trip."],
      pairs: [pair, { ...pair, label: "again" }],
      methods: ["greedy", "args-greedy"],
      sweep: { weight: [0, 0.5, 1] },
      ...{ maxTokens: 4, threads: 1, slots: 2, out },
    });
    const { markdown } = await written(out);
    for (const name of ["sweep", "models"]) {
      expect(markdown).toContain(`charts/${name}.svg`);
      expect(await readFile(join(out, "charts", `${name}.svg`), "utf8")).toContain("<svg");
    }
  });

  it("is light and dark, and scrolls nothing but tables", async () => {
    const { html } = await reported();
    expect(html).toContain(".wide { overflow-x: auto; }");
    expect(html).toContain("prefers-color-scheme: dark");
  });
});
