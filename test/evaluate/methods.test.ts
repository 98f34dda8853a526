import { describe, expect, it } from "vitest";
import { baselineOf } from "../../src/evaluate/baseline.js";
import { describeMethod } from "../../src/evaluate/describe-method.js";
import { DEFAULT_METHODS, METHOD_NAMES, methodOf } from "../../src/evaluate/methods.js";
import { resolveEvaluation } from "../../src/evaluate/options.js";
import { parseSweep, sweepMethods } from "../../src/evaluate/sweep.js";

describe("methods", () => {
  it("are settings of generate() by name, changed by one's own", () => {
    expect(methodOf("greedy")).toEqual({ name: "greedy", method: "greedy" });
    expect(methodOf({ name: "args-greedy", weight: 0.3 })).toMatchObject({ method: "args", select: "greedy", topK: 10, weight: 0.3 });
    expect(methodOf({ name: "mine", method: "sample", topP: 0.5 })).toEqual({ name: "mine", method: "sample", topP: 0.5 });
  });

  it("refuse what is not theirs", () => {
    expect(() => methodOf("beam" as "greedy")).toThrow(/methods must be "greedy"/);
    expect(() => methodOf({ name: "greedy", topk: 3 } as never)).toThrow(/did you mean topK/);
    expect(() => methodOf({ name: "best-of-n", drafts: 0 })).toThrow(/drafts/);
    expect(() => methodOf({ name: "" })).toThrow(/name/);
  });

  it("may be decoded by a policy with samplers", () => {
    const settings = methodOf({ name: "args-greedy", dryMultiplier: 0.8, minP: 0.05, grammar: "root ::= [a-z]+", ending: "policy" });
    expect(settings).toMatchObject({ method: "args", weight: 0.6, dryMultiplier: 0.8, minP: 0.05 });
    expect(describeMethod(settings)).toBe("k = 10, w = 0.6, interpolate, greedy, grammar, dryMultiplier 0.8, minP 0.05, ending policy");
    expect(describeMethod({ method: "greedy", dryMultiplier: 0.8, ending: "policy" })).toBe("the most likely token, dryMultiplier 0.8");
    expect(describeMethod(methodOf("top-p"))).toBe("temperature 0.7, p = 0.95");
    expect(() => resolveEvaluation({ data: ["a"], methods: [{ name: "greedy", minP: 2 }] })).toThrow(/minP must be a number from 0 to 1/);
  });

  it("without a reward are those that need none", () => {
    const { variants } = resolveEvaluation({ data: ["a"], policy: "p.gguf" });
    expect(variants.map(({ name }) => name)).toEqual(["greedy", "top-k", "top-p"]);
    expect(() => resolveEvaluation({ data: ["a"], policy: "p.gguf", methods: ["args-greedy"] })).toThrow(/without a reward/);
  });

  it("by blocks check what generate() takes, drafts among it", () => {
    expect(methodOf("blocks")).toEqual({ name: "blocks", method: "blocks", block: 16, drafts: 4 });
    const of = (method: object) => resolveEvaluation({ data: ["a"], methods: [{ name: "blocks", ...method }] });
    expect(of({ block: "response", drafts: 8 }).variants[0].method).toMatchObject({ block: "response", drafts: 8 });
    expect(() => of({ drafts: 1000 })).toThrow(/drafts must be an integer from 1 to 256/);
    expect(() => of({ keepDrafts: 5 })).toThrow(/keepDrafts must be an integer from 1 to 4/);
    expect(() => resolveEvaluation({ data: ["a"], policy: "p.gguf", methods: ["blocks"] })).toThrow(/without a reward/);
  });

  it("of several models carry their labels, told apart", () => {
    const pairs = [
      { policy: "a/small.gguf", reward: "r.gguf" },
      { policy: "b/small.gguf", reward: "r.gguf" },
    ];
    const { variants } = resolveEvaluation({ data: ["a"], pairs, methods: ["greedy"] });
    expect(variants.map(({ name }) => name)).toEqual(["small: greedy", "small#2: greedy"]);
    expect(() => resolveEvaluation({ data: ["a"], pairs, policy: "x" })).toThrow(/pairs/);
  });

  it("are the paper's six by default", () => {
    expect(DEFAULT_METHODS).toHaveLength(6);
    expect([...DEFAULT_METHODS, "blocks"].sort()).toEqual([...METHOD_NAMES].sort());
    expect(resolveEvaluation({ data: ["a"] }).variants.map(({ name }) => name)).toEqual(DEFAULT_METHODS);
  });

  it("of one name are refused", () => {
    expect(() => resolveEvaluation({ data: ["a"], methods: ["greedy", "greedy"] })).toThrow(/different names/);
  });
});

describe("sweeps", () => {
  it("are read with steps between", () => {
    expect(parseSweep("weight=0,0.2,…,1")).toEqual(["weight", [0, 0.2, 0.4, 0.6, 0.8, 1]]);
    expect(parseSweep("topK=5,10,...,25")).toEqual(["topK", [5, 10, 15, 20, 25]]);
    expect(parseSweep("topK=5,10,20")).toEqual(["topK", [5, 10, 20]]);
  });

  it.each(["weight", "=1", "weight=", "weight=a", "weight=…,1", "weight=0,…,1", "weight=0,1,…", "size=1", "weight=0,0,…,1"])(
    "refuse %j",
    (text) => {
      expect(() => parseSweep(text)).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }));
    },
  );

  it("are every combination of the guided methods, and the baselines once", () => {
    const methods = sweepMethods([methodOf("greedy"), methodOf("args-greedy")], { weight: [0.2, 0.8], topK: [5, 20] });
    expect(methods.map(({ name }) => name)).toEqual([
      "greedy",
      "args-greedy weight=0.2 topK=5",
      "args-greedy weight=0.2 topK=20",
      "args-greedy weight=0.8 topK=5",
      "args-greedy weight=0.8 topK=20",
    ]);
    expect(methods[4]).toMatchObject({ weight: 0.8, topK: 20, select: "greedy" });
    expect(() => sweepMethods([methodOf("greedy")], { weight: [1] })).toThrow(/sweep needs a guided method/);
    expect(() => sweepMethods([methodOf("args-greedy")], { weight: [] })).toThrow(/non-empty/);
  });

  it("of samplers are of the baselines, too; each method takes what means something to it", () => {
    const methods = sweepMethods(
      ["greedy", "best-of-n", "args-greedy"].map((name) => methodOf(name as "greedy")),
      {
        weight: [0.2, 0.6],
        drafts: [2],
        dryMultiplier: [0, 0.8],
      },
    );
    expect(methods.map(({ name }) => name)).toEqual([
      "greedy dryMultiplier=0",
      "greedy dryMultiplier=0.8",
      "best-of-n drafts=2 dryMultiplier=0",
      "best-of-n drafts=2 dryMultiplier=0.8",
      "args-greedy weight=0.2 dryMultiplier=0",
      "args-greedy weight=0.2 dryMultiplier=0.8",
      "args-greedy weight=0.6 dryMultiplier=0",
      "args-greedy weight=0.6 dryMultiplier=0.8",
    ]);
    const baselines = methods.map((method) => baselineOf(method, methods, (each) => each)?.name);
    expect(baselines.slice(-2)).toEqual(["greedy dryMultiplier=0", "greedy dryMultiplier=0.8"]);
    expect(parseSweep("minP=0,0.1,…,0.3")).toEqual(["minP", [0, 0.1, 0.2, 0.3]]);
  });
});
