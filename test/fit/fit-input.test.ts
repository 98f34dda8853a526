import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { decodeHead, HEAD_BYTES, type RecordHead, recordBytes } from "../../src/fit/feature-record.js";
import { type FitOptions, fitReward } from "../../src/fit/index.js";
import { END, TURN_END } from "../../src/fit/prefixes.js";
import { attachReward } from "../../src/import/index.js";
import type { PreferencePair } from "../../src/index.js";
import { EOS_TEXT } from "../helpers/byte-vocabulary.js";
import { writeGguf } from "../helpers/gguf-writer.js";
import { Random } from "../helpers/random.js";
import { ggufContent } from "../helpers/random-model.js";
import { CPU, judge, judgedPairs, models, outPath, withJudge } from "./judged-pairs.js";

let pairs: PreferencePair[];

const fit = (options: Partial<FitOptions> = {}) => fitReward({ model: judge.path, pairs, out: outPath(), ...CPU, ...options });

beforeAll(async () => {
  pairs = await judgedPairs(150, 1);
});

/** The records of a file of hidden states, as they lie on disk. */
function recordsIn(path: string): { head: RecordHead; values: Float32Array }[] {
  const bytes = readFileSync(path);
  const records: { head: RecordHead; values: Float32Array }[] = [];
  for (let at = 44; at < bytes.length; ) {
    const head = decodeHead(bytes, at);
    const end = at + recordBytes(head, 32);
    records.push({ head, values: new Float32Array(Uint8Array.from(bytes.subarray(at + HEAD_BYTES, end)).buffer) });
    at = end;
  }
  return records;
}

describe("what is read", () => {
  const chatTemplate = `{% for m in messages %}{{ m.role[0] }}: {{ m.content }}\n${EOS_TEXT}{% endfor %}{% if add_generation_prompt %}a: {% endif %}`;

  it("at both ends is what score() reads there", async () => {
    const trunk = models.write({ seed: 5, chatTemplate });
    const [scorer, out] = [outPath(), outPath()];
    const weight = [...new Random(8).normals(32, 1)];
    await attachReward({ model: trunk.path, head: { weight }, out: scorer });
    await fit({ model: trunk.path, out, pairs: pairs.slice(0, 20), repetition: 0, keepFeatures: true });
    const records = recordsIn(`${out}.features`);
    await withJudge(scorer, async (model) => {
      for (const [index, { prompt, chosen, rejected }] of pairs.slice(0, 3).entries()) {
        const { head, values } = records[index];
        for (const [place, rewardAt] of [
          [END, "last"],
          [TURN_END, "end"],
        ] as const) {
          const inputs = [chosen, rejected].map((response) => ({ prompt, response }));
          for (const [side, { reward }] of (await model.score(inputs, { rewardAt })).entries()) {
            const start = (2 * head.places.indexOf(place) + side) * 32;
            const read = weight.reduce((sum, each, i) => sum + each * values[start + i], 0);
            expect(read).toBeCloseTo(reward, 3);
          }
        }
      }
    });
  });

  it("of a share of the pairs are copies that repeat and long texts, each behind its pair", async () => {
    const conversations = pairs.slice(0, 20).map(({ prompt, ...rest }, index) => {
      const before =
        index % 2 === 0
          ? [
              { role: "user", content: "so" },
              { role: "assistant", content: "yes" },
            ]
          : [];
      return { ...rest, prompt: [...before, { role: "user", content: String(prompt) }] };
    });
    const out = outPath();
    const result = await fit({ out, pairs: conversations, repetition: 1, keepFeatures: true });
    expect(result.pairs).toMatchObject({ read: 20, training: 16, heldOut: 4 });
    expect(result.repetition.map(({ tokens, pairs: count }) => [tokens, count])).toEqual(
      expect.arrayContaining([
        ["end", 4],
        ["turn end", 4],
      ]),
    );
    const records = recordsIn(`${out}.features`);
    expect(records.map(({ head }) => head.kind)).toEqual(Array(20).fill(["pair", "long", "repetition"]).flat());
    const long = records.filter(({ head }) => head.kind === "long");
    expect(long.map(({ head }) => head.places.length > 0)).toEqual(conversations.map((_, index) => index % 2 === 0));
  });
});

describe("bad input", () => {
  const file = (text: string): string => {
    const path = join(dirname(outPath()), "pairs.jsonl");
    writeFileSync(path, text);
    return path;
  };

  it.each([
    ["an empty file", () => file(""), "INPUT_INVALID"],
    ["a file of other things", () => file('{"a":1}\n7\n'), "INPUT_INVALID"],
    ["a missing file", () => "missing.jsonl", "FILE_NOT_FOUND"],
    ["too few pairs", () => pairs.slice(0, 9), "INPUT_INVALID"],
    ["no pairs", () => 7, "OPTION_INVALID"],
  ])("%s", async (_name, source, code) => {
    const out = outPath();
    await expect(fit({ out, pairs: source() as never })).rejects.toMatchObject({ name: "ArgsearchError", code });
    expect(readdirSync(dirname(out))).not.toContain("rm.gguf");
    // Nothing was read that a later run could go on with.
    if (!Array.isArray(source())) expect(readdirSync(dirname(out))).toEqual([]);
  });

  it("a directory to write is found before anything is read", async () => {
    const out = dirname(outPath());
    await expect(fit({ out })).rejects.toMatchObject({
      code: "FILE_UNWRITABLE",
      message: `cannot write ${out}: it is a directory; name a file in it`,
    });
    expect(readdirSync(dirname(out))).not.toContain(`${out}.features`);
  });

  it("hidden states of an interrupted run stay when the next one fails early", async () => {
    const out = outPath();
    await fit({ out, keepFeatures: true });
    const features = readFileSync(`${out}.features`);
    await expect(fit({ out, signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "ABORTED" });
    expect(readFileSync(`${out}.features`).equals(features)).toBe(true);
  });

  it.each([
    [{ model: "missing.gguf" }, "FILE_NOT_FOUND"],
    [{ out: "/nowhere/rm.gguf" }, "FILE_UNWRITABLE"],
    [{ heldOut: 1.5 }, "OPTION_INVALID"],
    [{ heldOut: 145 }, "INPUT_INVALID"],
    [{ heldOut: "missing.jsonl" }, "FILE_NOT_FOUND"],
    [{ format: "csv" as never }, "OPTION_INVALID"],
    [{ limit: 0 }, "OPTION_INVALID"],
    [{ repetition: 1.1 }, "OPTION_INVALID"],
    [{ consistency: -1 }, "OPTION_INVALID"],
    [{ pair: [] } as never, "OPTION_INVALID"],
  ] satisfies [Partial<FitOptions>, string][])("%o is %s", async (options, code) => {
    await expect(fit(options)).rejects.toMatchObject({ name: "ArgsearchError", code });
  });

  it("a model whose weights are not numbers", async () => {
    const content = ggufContent(judge.model);
    const norm = content.tensors.find(({ name }) => name === "output_norm.weight");
    const path = join(dirname(judge.path), "nan.gguf");
    const tensors = content.tensors.map((each) =>
      each === norm ? { ...each, data: new Float32Array(each.data.length).fill(Number.NaN) } : each,
    );
    writeGguf(path, { ...content, tensors });
    await expect(fit({ model: path })).rejects.toMatchObject({ code: "MODEL_INVALID" });
  });
});
