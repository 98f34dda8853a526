/** --tokenizers any: what the command line says of models that have different ones. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { ALL_BYTES } from "../helpers/byte-vocabulary.js";
import { MergedVocabulary } from "../helpers/merged-vocabulary.js";
import { modelFolder } from "../helpers/model-folder.js";
import { argsearch } from "./run.js";

const folder = modelFolder();
const vocabulary = new MergedVocabulary(new Set(Buffer.from("abc .日")), [["a", "b"]]);
const policy = folder.write({ seed: 21, vocabulary, layers: 1 });
const same = folder.write({ seed: 23, vocabulary, layers: 1, labels: ["same"] });
const reward = folder.write({ seed: 22, vocabulary: ALL_BYTES, layers: 1, labels: ["reward"] });
const MODELS = ["--policy", policy.path, "--reward", reward.path, "--gpu", "off"];
const PROMPT = ["--prompt", "a cab.", "--template", "none"];

interface Line {
  waits?: true;
  candidates: { text: string; reward: number; waits?: true }[];
}

describe("reward models with another tokenizer", () => {
  it("are refused, with the flag that takes them", async () => {
    const { code, stderr } = await argsearch(["generate", ...PROMPT, ...MODELS]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/With --tokenizers any a reward model reads the text .*\[VOCABULARY_MISMATCH\]\n$/);
  });

  it("guide with it, and the trace says which candidates wait", async () => {
    const trace = join(dirname(policy.path), "trace.jsonl");
    const { code, stderr } = await argsearch([
      "generate",
      ...PROMPT,
      ...MODELS,
      "--tokenizers",
      "any",
      "--max-tokens",
      "20",
      "--trace",
      trace,
    ]);
    expect(code).toBe(0);
    expect(stderr).toContain("has another tokenizer than");
    const lines = readFileSync(trace, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Line);
    const waiting = lines.flatMap(({ candidates }) => candidates).filter(({ waits }) => waits);
    expect(waiting.length).toBeGreaterThan(0);
    for (const { text } of waiting) expect(text).toContain("\ufffd");
  });

  it("score with it", async () => {
    const scoring = ["score", ...PROMPT, "--response", "abc", "--gpu", "off", "--json", "--reward", same.path, "--reward", reward.path];
    expect(await argsearch(scoring)).toMatchObject({ code: 1, stderr: expect.stringContaining("VOCABULARY_MISMATCH") });
    const { code, stdout } = await argsearch([...scoring, "--tokenizers", "any"]);
    expect(code).toBe(0);
    expect(Object.keys(JSON.parse(stdout).objectives)).toEqual(["same", "reward"]);
    expect(await argsearch([...scoring, "--tokenizers", "some"])).toMatchObject({ code: 2 });
  });
});
