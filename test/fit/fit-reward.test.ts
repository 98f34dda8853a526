import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { truncate } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { beforeAll, describe, expect, it } from "vitest";
import { decodeHead, HEAD_BYTES, type RecordHead, recordBytes } from "../../src/fit/feature-record.js";
import { type BadPair, type FitOptions, fitReward } from "../../src/fit/index.js";
import { END, TURN_END } from "../../src/fit/prefixes.js";
import { attachReward } from "../../src/import/index.js";
import { inspect, loadReward, type PreferencePair, type RewardModel, scoreFile } from "../../src/index.js";
import { EOS_TEXT } from "../helpers/byte-vocabulary.js";
import { writeGguf } from "../helpers/gguf-writer.js";
import { modelFolder } from "../helpers/model-folder.js";
import { Random } from "../helpers/random.js";
import { ggufContent } from "../helpers/random-model.js";

const models = modelFolder();
/** A trunk with a head: what the head prefers, a head fitted on the trunk must be able to learn. */
const judge = models.write({ seed: 5, labels: ["reward"] });
const CPU = { gpu: false, threads: 1 } as const;

let pairs: PreferencePair[];
let folder = 0;

function outPath(): string {
  const path = join(dirname(judge.path), `fit-${++folder}`);
  mkdirSync(path);
  return join(path, "rm.gguf");
}

async function withJudge<T>(path: string, use: (model: RewardModel) => Promise<T>): Promise<T> {
  const model = await loadReward({ reward: path, ...CPU });
  try {
    return await use(model);
  } finally {
    await model.dispose();
  }
}

/** Random texts, the better one by the judge's reward at the end. */
async function judgedPairs(count: number, seed: number): Promise<PreferencePair[]> {
  const random = new Random(seed);
  const letters = "abcdefghijklmnopqrstuvwxyz ,.";
  const text = (low: number, high: number): string =>
    Array.from({ length: random.integer(low, high) }, () => letters[random.integer(0, letters.length - 1)]).join("");
  const texts = Array.from({ length: count }, () => ({ prompt: text(3, 9), responses: [text(2, 20), text(2, 20)] }));
  const rewards = await withJudge(judge.path, (model) =>
    model.score(
      texts.flatMap(({ prompt, responses }) => responses.map((response) => ({ prompt, response }))),
      { template: "none" },
    ),
  );
  return texts.map(({ prompt, responses: [a, b] }, index) => {
    const [first, second] = [rewards[2 * index].reward, rewards[2 * index + 1].reward];
    return first > second ? { prompt, chosen: a, rejected: b } : { prompt, chosen: b, rejected: a };
  });
}

const fit = (options: Partial<FitOptions> = {}) => fitReward({ model: judge.path, pairs, out: outPath(), ...CPU, ...options });

beforeAll(async () => {
  pairs = await judgedPairs(150, 1);
});

describe("fitReward()", () => {
  it("learns what a head can know, and writes where it comes from", async () => {
    const out = outPath();
    const phases = new Set<string>();
    // The judge's taste at random texts is one of ends alone.
    const taste = { repetition: 0, consistency: 0 };
    const result = await fit({ out, ...taste, onProgress: ({ phase }) => phases.add(phase) });
    expect(result.pairs).toEqual({ read: 150, skipped: 0, cut: 0, shared: 0, training: 120, heldOut: 30 });
    expect(result.strongest).toBe(false);
    const [end, turnEnd] = result.accuracy.slice(-2);
    expect(end).toMatchObject({ tokens: "end" });
    expect(turnEnd).toMatchObject({ tokens: "turn end", pairs: end.pairs });
    expect(end.accuracy).toBeGreaterThan(0.75);
    expect(result.accuracy[0].tokens).toBe(4);
    expect([...phases]).toEqual(["load", "read", "fit"]);
    expect(readdirSync(dirname(out))).toEqual(["rm.gguf"]);
    const { rewardHead } = await inspect(out);
    expect(rewardHead).toMatchObject({ labels: ["reward"], nEmbd: 32, notes: { source: "random" } });
    expect(rewardHead?.notes.dataset).toMatch(/^pairs, 150 pairs, sha256 [0-9a-f]{64}$/);
    expect(rewardHead?.notes.accuracy).toBeCloseTo(end.accuracy, 6);
    expect(JSON.parse(String(rewardHead?.notes.prefix_accuracy))).toHaveLength(result.accuracy.length);
  });

  it("gives new pairs their rewards in the new file", async () => {
    const out = outPath();
    await fit({ out });
    const fresh = await judgedPairs(60, 2);
    const right = await withJudge(out, async (model) => {
      const score = async (response: keyof PreferencePair) =>
        model.score(
          fresh.map((pair) => ({ prompt: pair.prompt, response: String(pair[response]) })),
          { template: "none" },
        );
      const [chosen, rejected] = [await score("chosen"), await score("rejected")];
      return chosen.filter(({ reward }, index) => reward > rejected[index].reward).length;
    });
    expect(right).toBeGreaterThan(45);
  });

  it("goes on after an interruption and ends with the same file", async () => {
    const unbroken = outPath();
    await fit({ out: unbroken });
    const out = outPath();
    const stop = new AbortController();
    const stopAt = ({ phase, done }: { phase: string; done: number }): void => {
      if (phase === "read" && done === 70) stop.abort();
    };
    await expect(fit({ out, signal: stop.signal, onProgress: stopAt })).rejects.toMatchObject({ code: "ABORTED" });
    expect(readdirSync(dirname(out))).toEqual(["rm.gguf.features"]);
    await truncate(`${out}.features`, 20_000); // half a record, as a kill leaves it
    await fit({ out });
    expect(readFileSync(out).equals(readFileSync(unbroken))).toBe(true);
    expect(readdirSync(dirname(out))).toEqual(["rm.gguf"]);
  });

  it("has its output alone, by whatever link and whatever command comes", async () => {
    const out = outPath();
    const link = process.platform === "win32" ? out : join(dirname(out), "link.gguf");
    if (link !== out) symlinkSync(out, link);
    let others: Promise<PromiseSettledResult<unknown>[]> | undefined;
    const onProgress = ({ phase, done }: { phase: string; done: number }): void => {
      if (phase !== "read" || done !== 70) return;
      others = Promise.allSettled([
        ...[out, link].map((each) => fit({ out: each })),
        attachReward({ model: judge.path, head: { weight: Array(32).fill(0) }, out: link }),
        withJudge(judge.path, (model) => scoreFile(model, Readable.from(['{"text":"a"}']), { out: link })),
      ]);
    };
    await fit({ out: link, onProgress });
    expect(await others).toMatchObject(Array(4).fill({ reason: { code: "BUSY" } }));
    expect((await inspect(out)).rewardHead?.notes.dataset).toMatch(/150 pairs/);
    expect(readdirSync(dirname(out)).sort()).toEqual(link === out ? ["rm.gguf"] : ["link.gguf", "rm.gguf"]);
  });

  it("reads nothing again when the hidden states were kept", async () => {
    const out = outPath();
    const first = await fit({ out, keepFeatures: true });
    const features = readFileSync(`${out}.features`);
    expect(await fit({ out, keepFeatures: true })).toEqual(first);
    expect(readFileSync(`${out}.features`).equals(features)).toBe(true);
    const other = await fit({ out, seed: 1 });
    expect(other.accuracy).not.toEqual(first.accuracy);
  });

  it("takes files of pairs, and a held-out file of its own", async () => {
    const out = outPath();
    const [train, test] = ["train.jsonl", "test.jsonl"].map((name) => join(dirname(out), name));
    const lines = pairs.map((pair) => JSON.stringify(pair));
    writeFileSync(train, lines.slice(0, 100).join("\n"));
    writeFileSync(test, lines.slice(100).join("\n"));
    const result = await fit({ out, pairs: train, heldOut: test });
    expect(result.pairs).toMatchObject({ read: 150, training: 100, heldOut: 50 });
    expect((await inspect(out)).rewardHead?.notes.dataset).toMatch(/^train\.jsonl, 100 pairs/);
    expect((await fit({ pairs: train, limit: 40, heldOut: 0 })).pairs).toMatchObject({ read: 40, training: 40, heldOut: 0 });
  });

  it("leaves out what cannot be used, and says so", async () => {
    const bad: BadPair[] = [];
    const identical = { prompt: "a", chosen: "b", rejected: "b" };
    const tooLong = { prompt: "a", chosen: "b".repeat(300), rejected: "c" };
    const longPrompt = { prompt: "a".repeat(300), chosen: "b", rejected: "c" };
    const result = await fit({
      pairs: [identical, ...pairs.slice(0, 60), tooLong, longPrompt],
      contextSize: 64,
      onBadPair: (each) => bad.push(each),
    });
    expect(result.pairs).toEqual({ read: 63, skipped: 2, cut: 1, shared: 0, training: 49, heldOut: 12 });
    expect(bad.map(({ line, error }) => [line, error.code])).toEqual([
      [1, "INPUT_INVALID"],
      [62, "PROMPT_TOO_LONG"],
    ]);
    expect(bad[1]?.error.message).toContain("contextSize");
  });

  it("reads a response that is longer than the context as far as that goes", async () => {
    const ending = (length: number) => ({ chosen: `b${"d".repeat(length)}`, rejected: `c${"e".repeat(20)}` });
    const long = pairs.slice(0, 60).map(({ prompt }) => ({ prompt, ...ending(300) }));
    const bad: BadPair[] = [];
    const result = await fit({ pairs: long, contextSize: 64, onBadPair: (each) => bad.push(each) });
    expect(bad).toEqual([]);
    expect(result.pairs).toMatchObject({ skipped: 0, cut: 60, training: 48, heldOut: 12 });
    expect(result.accuracy.map(({ tokens }) => tokens)).toEqual([4, 8, 16]);
    const whole = await fit({ pairs: long.map((pair) => ({ ...pair, ...ending(30) })), contextSize: 64 });
    expect(whole.accuracy.map(({ tokens }) => tokens)).toEqual([4, 8, 16, "end", "turn end"]);
  });

  it("leaves pairs that it is fitted on out of the check", async () => {
    const out = outPath();
    const test = join(dirname(out), "test.jsonl");
    const lines = pairs.map((pair) => JSON.stringify(pair));
    writeFileSync(test, lines.slice(90).join("\n"));
    const result = await fit({ out, pairs: pairs.slice(0, 100), heldOut: test });
    expect(result.pairs).toMatchObject({ read: 160, shared: 10, training: 100, heldOut: 50 });
    writeFileSync(test, lines.slice(0, 40).join("\n"));
    const same = await fit({ pairs: pairs.slice(0, 100), heldOut: test });
    expect(same).toMatchObject({ pairs: { shared: 40, heldOut: 0 }, accuracy: [] });
  });

  it("says when the pairs contradict each other", async () => {
    const reversed = pairs.slice(0, 40).map(({ prompt, chosen, rejected }) => ({ prompt, chosen: rejected, rejected: chosen }));
    const out = outPath();
    await expect(fit({ out, pairs: [...pairs.slice(0, 40), ...reversed] })).rejects.toMatchObject({
      code: "INPUT_INVALID",
      message: expect.stringContaining("the pairs teach nothing"),
    });
    expect(readdirSync(dirname(out))).not.toContain("rm.gguf");
  });

  it("reads conversations by the model's template, and as transcripts without one", async () => {
    const chat = models.write({
      seed: 5,
      labels: ["reward"],
      chatTemplate: "{% for m in messages %}{{ m.role[0] }}: {{ m.content }}\n{% endfor %}a: ",
    });
    const conversations = pairs.slice(0, 20).map((pair) => ({ ...pair, prompt: [{ role: "user", content: String(pair.prompt) }] }));
    for (const [model, template] of [
      [judge, "auto"],
      [chat, "auto"],
      [chat, "none"],
    ] as const) {
      expect((await fit({ model: model.path, pairs: conversations, template })).pairs.skipped).toBe(0);
    }
  });
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
