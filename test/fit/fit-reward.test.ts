import { readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { truncate } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { beforeAll, describe, expect, it } from "vitest";
import { type BadPair, type FitOptions, fitReward } from "../../src/fit/index.js";
import { attachReward } from "../../src/import/index.js";
import { inspect, type PreferencePair, scoreFile } from "../../src/index.js";
import { CPU, judge, judgedPairs, models, outPath, withJudge } from "./judged-pairs.js";

let pairs: PreferencePair[];

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
