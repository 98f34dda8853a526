/** How strong a reward may guide: the rule, and what is kept of a search. */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { type EvaluationResults, type MethodResult, type TuneOptions, tune, writeTuneReport } from "../../src/evaluate/index.js";
import { type BoundName, resolveBounds } from "../../src/evaluate/tune/bounds.js";
import { choosePoint, type TuneCandidate, tunePoints } from "../../src/evaluate/tune/choose.js";
import { resolveTune } from "../../src/evaluate/tune/options.js";
import { choosePrompts } from "../../src/evaluate/tune/prompts.js";
import { tuneVerdict } from "../../src/evaluate/tune/words.js";
import { EMBEDDED, load } from "../../src/index.js";
import { resultsOf } from "./results.js";

const GREEDY = { reward: 0, diversity: 0.8, ended: 0.5, loops: 0.1, coherence: 0.6, perplexity: 2 };

type Means = Partial<Record<BoundName | "reward" | "judgeReward", number>>;

/** Results of greedy decoding and of args-greedy by weight, each difference with an interval of 0.05 to both sides. */
function made(byWeight: Readonly<Record<number, Means>>, other: Readonly<Record<number, Means>> = {}) {
  const methods: Record<string, MethodResult> = { greedy: resultOf(GREEDY) };
  const candidates: TuneCandidate[] = [];
  for (const [method, weights] of Object.entries({ "args-greedy": byWeight, other })) {
    for (const [weight, means] of Object.entries(weights)) {
      const name = `${method} weight=${weight}`;
      methods[name] = resultOf({ ...GREEDY, ...means });
      candidates.push({ name, method, weight: Number(weight) });
    }
  }
  const comparisons = Object.keys(methods)
    .filter((name) => name !== "greedy")
    .flatMap((a) =>
      Object.entries(methods[a] ?? {}).map(([metric, { mean }]) => {
        const difference = mean - (methods.greedy?.[metric]?.mean ?? 0);
        return { metric, a, b: "greedy", mean: difference, low: difference - 0.05, high: difference + 0.05, count: 48, p: 1 };
      }),
    );
  const results: EvaluationResults = { ...resultsOf(), methods, comparisons };
  return { results, candidates };
}

function resultOf(means: Means): MethodResult {
  return Object.fromEntries(Object.entries(means).map(([name, mean]) => [name, { mean, low: mean, high: mean, count: 48 }]));
}

function points({ results, candidates }: ReturnType<typeof made>, bounds = {}) {
  return tunePoints(results, candidates, { baseline: "greedy", bounds: resolveBounds(bounds) });
}

describe("the rule", () => {
  it("takes the largest weight whose text stays within the bounds, by the means that were found", () => {
    const found = points(made({ 0.1: {}, 0.2: { diversity: 0.76 }, 0.3: { diversity: 0.7599 }, 0.4: { ended: 0.49 } }));
    expect(found.map(({ within }) => within)).toEqual([true, true, false, false]);
    expect(choosePoint(found)?.weight).toBe(0.2);
    expect(tuneVerdict({ chosen: choosePoint(found) ?? null, points: found })).toEqual([
      "Chosen: args-greedy at weight 0.2, the largest of those tried whose text stays within the bounds.",
    ]);
  });

  it("holds each measure against its own bound, on its own side", () => {
    const outside: Means[] = [{ diversity: 0.75 }, { ended: 0.45 }, { loops: 0.11 }, { coherence: 0.56 }];
    const inside: Means[] = [{ diversity: 0.9 }, { ended: 0.9 }, { loops: 0 }, { coherence: 0.9 }, { perplexity: 9 }, { reward: -9 }];
    for (const means of outside) expect(points(made({ 0.1: means }))[0]?.within, JSON.stringify(means)).toBe(false);
    for (const means of inside) expect(points(made({ 0.1: means }))[0]?.within, JSON.stringify(means)).toBe(true);
    expect(points(made({ 0.1: { perplexity: 3.1 } }), { perplexity: 1.5 })[0]?.within).toBe(false);
    expect(points(made({ 0.1: { ended: 0 } }), { ended: false })[0]?.within).toBe(true);
    expect(points(made({ 0.1: { ended: 0.4 } }), { ended: 0.8 })[0]?.within).toBe(true);
  });

  it("asks for none at all where greedy decoding has none, and takes no bound on what was not measured", () => {
    const loopless = made({ 0.1: { loops: 0 }, 0.2: { loops: 0.02 } });
    loopless.results.methods.greedy = resultOf({ ...GREEDY, loops: 0 });
    const found = points(loopless);
    expect(found.map(({ within }) => within)).toEqual([true, false]);
    expect(found[1]?.bounds.find(({ metric }) => metric === "loops")).toMatchObject({ share: null, value: 0.02, holds: false });
    const blind = made({ 0.1: { coherence: 0 } });
    delete blind.results.methods.greedy?.coherence;
    expect(points(blind)[0]).toMatchObject({ within: true });
  });

  it("shows the interval of the paired difference beside each share, whichever way round it is kept", () => {
    const one = made({ 0.1: { diversity: 0.72 } });
    const share = { mean: expect.closeTo(0.9, 12), low: expect.closeTo(0.8375, 12), high: expect.closeTo(0.9625, 12) };
    const shareOf = () => points(one)[0]?.bounds.find(({ metric }) => metric === "diversity")?.share;
    expect(shareOf()).toEqual(share);
    one.results.comparisons = one.results.comparisons.map(({ a, b, mean, low, high, ...rest }) => {
      return { ...rest, a: b, b: a, mean: -mean, low: -high, high: -low };
    });
    expect(shareOf()).toEqual(share);
  });

  it("says what a smaller weight failed, and where no larger one was tried", () => {
    const found = points(made({ 0.1: {}, 0.2: { ended: 0.4 }, 0.3: {} }));
    const said = tuneVerdict({ chosen: choosePoint(found) ?? null, points: found });
    expect(said[0]).toMatch(/at weight 0\.3, .* No larger one was tried\.$/);
    expect(said[1]).toContain("0.2: ended is 0.800 of greedy decoding's [0.700, 0.900], at least 1");
  });

  it("chooses nothing where no weight holds, and names what fails at the least", () => {
    const found = points(made({ 0.2: { loops: 0.9 }, 0.1: { diversity: 0.7, ended: 0.4 } }));
    expect(choosePoint(found)).toBeUndefined();
    const [said, ...more] = tuneVerdict({ chosen: null, points: found });
    expect(said).toMatch(/^No weight stays within the bounds\. .*args-greedy at weight 0\.1: diversity is 0\.875 .*; ended is 0\.800 /);
    expect(said).not.toContain("loops");
    expect(more).toEqual([]);
  });

  it("takes no weight at which no prompt was answered for one that loses nothing", () => {
    const unanswered = made({ 0.1: { ended: 0 }, 0.2: {} });
    unanswered.results.methods["args-greedy weight=0.2"] = {};
    const found = points(unanswered);
    expect(choosePoint(found)).toBeUndefined();
    const alone = found.filter(({ weight }) => weight === 0.2);
    expect(tuneVerdict({ chosen: null, points: alone })[0]).toContain("weight 0.2: no prompt was answered");
  });

  it("takes of several methods the one that the judge rates higher, else the reward that guides", () => {
    const best = (own: Means, other: Means) => choosePoint(points(made({ 0.4: own }, { 0.2: other, 0.3: { ended: 0 } })))?.method;
    expect(best({ reward: 1 }, { reward: 2 })).toBe("other");
    expect(best({ reward: 1, judgeReward: 2 }, { reward: 2, judgeReward: 1 })).toBe("args-greedy");
  });
});

describe("what is tried", () => {
  it("is args-greedy with DRY and endings by the policy, beside greedy decoding with the same", () => {
    const { methods, sweep, candidates, count } = resolveTune({ data: [] });
    expect(methods[0]).toEqual({ name: "greedy", method: "greedy", dryMultiplier: 0.8, ending: "policy" });
    expect(methods[1]).toMatchObject({ name: "args-greedy", topK: 10, dryMultiplier: 0.8, ending: "policy" });
    expect({ sweep, count }).toEqual({ sweep: { weight: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6] }, count: 48 });
    expect(candidates[5]).toMatchObject({ name: "args-greedy weight=0.6", settings: { weight: 0.6, method: "args", dryMultiplier: 0.8 } });
    const additive = resolveTune({
      data: [],
      methods: [{ name: "args-greedy", combine: "additive" }],
      settings: { dryMultiplier: 0, minP: 0.1 },
    });
    expect(additive.sweep.weight).toEqual([0.11, 0.25, 0.43, 0.67, 1, 1.5]);
    expect(additive.methods[0]).toEqual({ name: "greedy", method: "greedy", dryMultiplier: 0, minP: 0.1, ending: "policy" });
    const grammatical = resolveTune({ data: [], settings: { grammar: "root ::= [a-z]+" } });
    expect(grammatical.methods[0]).toMatchObject({ dryMultiplier: 0, ending: "policy" });
    expect(resolveTune({ data: [], weights: [0.3, 0.1, 0.3] }).sweep.weight).toEqual([0.1, 0.3]);
  });

  it("may be blocks, which have no weight", () => {
    const { sweep, candidates } = resolveTune({ data: [], methods: ["blocks", { name: "eight", method: "blocks", drafts: 8 }] });
    expect(sweep).toEqual({});
    expect(candidates).toMatchObject([
      { name: "blocks", weight: null, settings: { method: "blocks", block: 16, drafts: 4, dryMultiplier: 0.8 } },
      { name: "eight", weight: null, settings: { method: "blocks", drafts: 8 } },
    ]);
  });

  it.each<[string, Partial<TuneOptions>, RegExp]>([
    ["a baseline", { methods: ["top-p"] }, /methods must be of guided methods/],
    ["no method", { methods: [] }, /methods must be a non-empty array/],
    ["samplers of one method", { methods: [{ name: "args-greedy", minP: 0.1 }] }, /without samplers/],
    ["weights of two kinds", { methods: ["args-greedy", { name: "mine", combine: "additive" }] }, /all interpolating or all additive/],
    ["a weight out of range", { weights: [0.1, 2] }, /weights must be a number from 0 to 1/],
    ["no weight", { weights: [] }, /weights must be a non-empty array/],
    ["an unknown bound", { bounds: { diversty: 1 } as never }, /did you mean diversity/],
    ["a bound that is no number", { bounds: { ended: "off" as never } }, /bounds\.ended must be a finite number/],
    ["settings that are not the policy's", { settings: { weight: 0.3 } as never }, /settings has no option "weight"/],
    ["no prompt", { count: 0 }, /count must be an integer from 1/],
  ])("is not %s", (_what, options, message) => {
    expect(() => resolveTune({ data: [], ...options })).toThrow(message);
  });

  it("are prompts that the seed chooses, in their order", () => {
    const all = Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? `${index}` : [{ role: "user", content: `${index}` }]));
    const chosen = choosePrompts(all, 10, 7);
    expect(chosen).toHaveLength(10);
    expect(chosen).toEqual(all.filter((prompt) => chosen.includes(prompt)));
    expect(choosePrompts(all, 10, 7)).toEqual(chosen);
    expect(choosePrompts(all, 10, 8)).not.toEqual(chosen);
    expect(choosePrompts(all, 100, 7)).toEqual(all);
  });
});

const PROMPTS = [
  "Can you help me set up a light show?",
  "How do I bake bread?",
  "Help me plan a city trip.",
  "Hello there",
  "How are you?",
];
const SMALL: TuneOptions = { data: PROMPTS, count: 3, weights: [0.2, 0.6], maxTokens: 12, slots: 3, threads: 1 };

async function scratch(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "argsearch-tune-"));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return join(dir, "out");
}

describe("tune", () => {
  it("writes settings that load() reads, with what they were chosen for, and a report", async () => {
    const out = await scratch();
    const found = await tune({ ...SMALL, out, bounds: { ended: false, loops: false, diversity: 0.1 }, judgeReward: EMBEDDED.reward });
    expect(found.settings).toMatchObject({ method: "args", weight: 0.6, topK: 10, dryMultiplier: 0.8, ending: "policy" });
    expect(found.points.map(({ weight, within }) => [weight, within])).toEqual([
      [0.2, true],
      [0.6, true],
    ]);
    expect(found.evaluation.settings.data.prompts).toBe(3);
    const file = JSON.parse(await readFile(join(out, "settings.json"), "utf8"));
    expect(file).toMatchObject({
      settings: found.settings,
      models: { policy: { file: "policy.gguf" }, rewards: [{ file: "reward.gguf" }] },
    });
    const decoder = await load({ threads: 1, settings: join(out, "settings.json") });
    onTestFinished(() => decoder.dispose());
    const [prompt = "", tuned] = [PROMPTS[0], found.settings ?? {}];
    const response = await decoder.generate(prompt, { maxTokens: 12 });
    const plain = await load({ threads: 1 });
    onTestFinished(() => plain.dispose());
    expect(response.tokens).toEqual((await plain.generate(prompt, { maxTokens: 12, ...tuned })).tokens);
    const { markdown, chartsMissing } = await writeTuneReport(out, found, { command: "argsearch tune" });
    expect(chartsMissing).toBeNull();
    const text = await readFile(markdown, "utf8");
    for (const part of ["Chosen: args-greedy at weight 0.6", "charts/tune.svg", "args-greedy, w = 0.2", "## Ratings of reward.gguf"]) {
      expect(text).toContain(part);
    }
    expect(await readFile(join(out, "charts", "tune.svg"), "utf8")).toContain("judge");
  });

  it("goes on with what was decoded, takes more weights, and leaves no settings where none keep the bounds", async () => {
    const out = await scratch();
    const controller = new AbortController();
    const onProgress: TuneOptions["onProgress"] = ({ done }) => done === 6 && controller.abort();
    await expect(tune({ ...SMALL, out, signal: controller.signal, onProgress })).rejects.toMatchObject({ code: "ABORTED" });
    expect(await readdir(out)).toEqual(["evaluation"]);
    const before = await readFile(join(out, "evaluation", "responses.jsonl"), "utf8");
    const free = { diversity: false, ended: false, loops: false } as const;
    expect((await tune({ ...SMALL, out, bounds: free })).chosen?.weight).toBe(0.6);
    const after = await readFile(join(out, "evaluation", "responses.jsonl"), "utf8");
    expect(
      before
        .split("\n")
        .slice(0, -1)
        .every((line) => after.includes(line)),
    ).toBe(true);
    const more = await tune({ ...SMALL, out, weights: [0.4], bounds: { ...free, diversity: 5 } });
    expect(more).toMatchObject({ settings: null, chosen: null, points: [{ weight: 0.4, within: false }] });
    expect((await readdir(out)).sort()).toEqual(["evaluation", "tune.json"]);
    const blocks = { block: 4, drafts: 3, keepDrafts: 2, blockReward: "mean", select: "stochastic", temperature: 0.5 } as const;
    const drafted = await tune({ ...SMALL, out, methods: [{ name: "blocks", ...blocks }], weights: undefined, bounds: free });
    expect(drafted.settings).toEqual({ method: "blocks", ...blocks, ending: "policy", dryMultiplier: 0.8 });
    expect(JSON.parse(await readFile(join(out, "settings.json"), "utf8")).settings).toEqual(drafted.settings);
    expect(drafted.verdict).toEqual(["Chosen: blocks, whose text stays within the bounds."]);
    await expect(tune({ ...SMALL, out, count: 4 })).rejects.toMatchObject({
      code: "OPTION_INVALID",
      message: expect.stringContaining("data"),
    });
  });

  it("writes over nothing that is not its own, and over nothing that it reads", async () => {
    const out = await scratch();
    const dir = join(out, "..");
    await writeFile(join(dir, "settings.json"), "{}");
    await expect(tune({ ...SMALL, out: dir })).rejects.toMatchObject({
      code: "OPTION_INVALID",
      message: expect.stringContaining("tune.json"),
    });
    expect(await readFile(join(dir, "settings.json"), "utf8")).toBe("{}");
    const data = join(dir, "tune.json");
    await writeFile(data, '{"prompt":"Hello"}\n');
    await expect(tune({ ...SMALL, data, out: dir })).rejects.toMatchObject({ code: "OPTION_INVALID" });
    await expect(tune({ ...SMALL, wieghts: [1] } as never)).rejects.toMatchObject({
      message: expect.stringMatching(/^tune\(\) has no option/),
    });
  });
});
