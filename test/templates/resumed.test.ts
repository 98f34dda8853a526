/** A run that goes on another day, or with another template, mixes nothing. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { type EvaluateOptions, evaluate } from "../../src/evaluate/index.js";
import { type FitOptions, fitReward } from "../../src/fit/index.js";
import { inspect, loadReward, type ScoreFileOptions, scoreFile } from "../../src/index.js";
import { modelFolder } from "../helpers/model-folder.js";

const models = modelFolder();
const PLAIN = "{{ mood }}{% for m in messages %}{{ m.content }}\n{% endfor %}";
const DATED = `{{ strftime_now('%d.%m.') }} ${PLAIN}`;
const OTHER = "{% for m in messages %}{{ m.role[0] }}: {{ m.content }}. {% endfor %}";
const judge = models.write({ seed: 3, labels: ["reward"], chatTemplate: PLAIN });
const dated = models.write({ seed: 3, labels: ["reward"], chatTemplate: DATED });
const policy = models.write({ seed: 4, chatTemplate: DATED });
const CPU = { gpu: false, threads: 1 } as const;

function scratch(): string {
  const dir = mkdtempSync(join(tmpdir(), "argsearch-resumed-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

function today(date: string): void {
  vi.useFakeTimers({ toFake: ["Date"], now: new Date(date) });
}
afterEach(() => {
  vi.useRealTimers();
});

describe("scoreFile() with out", () => {
  const file = join(dirname(judge.path), "in.jsonl");
  writeFileSync(file, Array.from({ length: 40 }, (_, at) => `${JSON.stringify({ prompt: "a", response: `b${at}` })}\n`).join(""));

  interface Way {
    path?: string;
    chatTemplate?: string;
    options?: ScoreFileOptions;
  }

  /** What is in the file, to the digits that a batch's shape leaves alone, and how many lines were scored now. */
  async function score(out: string, { path = judge.path, chatTemplate, options = {} }: Way, stopAt?: number) {
    const model = await loadReward({ reward: { reward: path, chatTemplate }, ...CPU });
    let scored = 0;
    const onLine = (): void => {
      scored += 1;
      if (scored === stopAt) throw new Error("stopped");
    };
    try {
      await scoreFile(model, file, { ...options, out, onLine });
      return { text: readFileSync(out, "utf8").replace(/(\.\d{4})\d+/g, "$1"), scored };
    } finally {
      await model.dispose();
    }
  }

  const fresh = async (way: Way): Promise<string> => (await score(join(scratch(), "out.jsonl"), way)).text;

  it.each<[string, Way, Way, boolean]>([
    ["what is the same", {}, {}, true],
    ["another date that no template looks at", { options: { date: "2024-01-01" } }, { options: { date: "2024-01-02" } }, true],
    ["another template", {}, { chatTemplate: OTHER }, false],
    ["other variables", {}, { options: { templateVariables: { mood: "!" } } }, false],
    ["a reward read elsewhere", {}, { options: { rewardAt: "end" } }, false],
    ["another date", { path: dated.path, options: { date: "2024-01-01" } }, { path: dated.path, options: { date: "2024-01-02" } }, false],
  ])("goes on where it may: %s", async (_, first, second, same) => {
    const out = join(scratch(), "out.jsonl");
    await expect(score(out, first, 35)).rejects.toThrow("stopped");
    const resumed = await score(out, second);
    expect(resumed).toEqual({ text: await fresh(second), scored: same ? 5 : 40 });
    expect(resumed.text === (await fresh(first))).toBe(same);
  });

  it("starts over on another day, where a template looks at it", async () => {
    const out = join(scratch(), "out.jsonl");
    today("2024-01-01T23:00");
    await expect(score(out, { path: dated.path }, 35)).rejects.toThrow("stopped");
    today("2024-01-02T01:00");
    const expected = await fresh({ path: dated.path, options: { date: "2024-01-02" } });
    expect(await score(out, { path: dated.path })).toEqual({ text: expected, scored: 40 });
  });
});

describe("fitReward()", () => {
  const pairs = Array.from({ length: 20 }, (_, at) => ({ prompt: `q${at}`, chosen: `yes ${"ab"[at % 2]}${at}`, rejected: `no ${at}` }));
  const fit = (out: string, options: Partial<FitOptions>) =>
    fitReward({ model: judge.path, pairs, out, keepFeatures: true, ...CPU, ...options });

  it.each<[string, Partial<FitOptions>, Partial<FitOptions>]>([
    ["another template", {}, { chatTemplate: OTHER }],
    ["other variables", {}, { templateVariables: { mood: "!" } }],
    ["another date", { chatTemplate: DATED, date: "2024-01-01" }, { chatTemplate: DATED, date: "2024-02-03" }],
  ])("reads its pairs again with %s", async (_, first, second) => {
    const dir = scratch();
    const before = await fit(join(dir, "a.gguf"), first);
    const again = await fit(join(dir, "a.gguf"), second);
    expect(again.shift).not.toBe(before.shift);
    expect({ ...again, out: "" }).toEqual({ ...(await fit(join(dir, "b.gguf"), second)), out: "" });
  });

  it("writes the template that it was given into the new file", async () => {
    const out = join(scratch(), "a.gguf");
    await fit(out, { chatTemplate: OTHER });
    expect(await inspect(out)).toMatchObject({ chatTemplate: OTHER, rewardHead: { position: "last" } });
  });

  it("names the option of a template that is none", async () => {
    await expect(fit(join(scratch(), "a.gguf"), { chatTemplate: "{% if %}" })).rejects.toMatchObject({
      code: "TEMPLATE_INVALID",
      message: expect.stringMatching(/^chatTemplate, the chat template for .* cannot be read/) as string,
    });
  });
});

describe("evaluate()", () => {
  const SMALL: EvaluateOptions = {
    policy: policy.path,
    reward: judge.path,
    data: ["a", "b"],
    methods: ["greedy"],
    maxTokens: 2,
    slots: 1,
    ...CPU,
  };

  async function settingsOf(dir: string): Promise<{ generation: { date?: string } }> {
    return JSON.parse(readFileSync(join(dir, "settings.json"), "utf8")) as { generation: { date?: string } };
  }

  it("keeps the first run's clock", async () => {
    const dir = join(scratch(), "out");
    today("2024-01-01T23:00");
    await evaluate({ ...SMALL, data: ["a", "b"], out: dir });
    const first = new Date("2024-01-01T23:00").toISOString();
    expect((await settingsOf(dir)).generation.date).toBe(first);
    today("2024-01-02T01:00");
    await evaluate({ ...SMALL, methods: ["greedy", "args-greedy"], out: dir });
    expect((await settingsOf(dir)).generation.date).toBe(first);
    await expect(evaluate({ ...SMALL, out: dir, date: "2024-01-02" })).rejects.toMatchObject({
      code: "OPTION_INVALID",
      message: expect.stringContaining("other settings (date)") as string,
    });
  });

  it("keeps none where no template looks at it", async () => {
    const dir = join(scratch(), "out");
    await evaluate({ ...SMALL, policy: judge.path, out: dir });
    expect((await settingsOf(dir)).generation).not.toHaveProperty("date");
  });

  it.each<[string, Partial<EvaluateOptions>]>([
    ["templateVariables", { templateVariables: { mood: "!" } }],
    ["rewardAt", { rewardAt: "end" }],
    ["models", { chatTemplate: OTHER }],
    ["models", { reward: { reward: judge.path, chatTemplate: OTHER } }],
  ])("is another one with other %s", async (name, changed) => {
    const dir = join(scratch(), "out");
    await evaluate({ ...SMALL, out: dir });
    await expect(evaluate({ ...SMALL, ...changed, out: dir })).rejects.toMatchObject({
      code: "OPTION_INVALID",
      message: expect.stringContaining(`other settings (${name})`) as string,
    });
  });

  it("decodes and rates by the templates and variables it is given", async () => {
    const responses = async (options: Partial<EvaluateOptions>) => {
      const dir = join(scratch(), "out");
      await evaluate({ ...SMALL, ...options, out: dir });
      return readFileSync(join(dir, "responses.jsonl"), "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as { response: string; reward: number });
    };
    const plain = await responses({ chatTemplate: PLAIN });
    const other = await responses({ chatTemplate: PLAIN, reward: { reward: judge.path, chatTemplate: OTHER } });
    expect(other.map(({ response }) => response)).toEqual(plain.map(({ response }) => response));
    expect(other.map(({ reward }) => reward)).not.toEqual(plain.map(({ reward }) => reward));
    const moody = await responses({ chatTemplate: PLAIN, templateVariables: { mood: "so sad, " } });
    expect(moody.map(({ response }) => response)).not.toEqual(plain.map(({ response }) => response));
  });
});
