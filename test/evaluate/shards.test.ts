/** An evaluation in parts: together they are the whole, and what does not belong together is refused. */
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type EvaluateOptions, evaluate, mergeEvaluations } from "../../src/evaluate/index.js";
import { lines, PROMPTS, SMALL, scratch, timeless, untimed } from "./small.js";

/** The embedded pair is F16, which rounds by who shares a batch; draws depend on seeds. One prompt does not fit. */
const DATA = [...PROMPTS, "Hello?", "How can I grow tomatoes?", "word ".repeat(3000), "Help me train a puppy."];
const OPTIONS = {
  ...SMALL,
  data: DATA,
  methods: ["top-p", { name: "best-of-n", drafts: 2 }, "args-stochastic"],
} as const satisfies EvaluateOptions;

async function shards(count: number, options: EvaluateOptions = OPTIONS): Promise<string[]> {
  const dirs: string[] = [];
  for (let index = 1; index <= count; index++) {
    const out = await scratch();
    await evaluate({ ...options, out, shard: { index, count } });
    dirs.push(out);
  }
  return dirs;
}

const text = (dir: string, name: string): Promise<string> => readFile(join(dir, name), "utf8");

describe("shards of an evaluation", () => {
  it.each([2, 3, 6])("%i of them, merged in any order, are the unsharded run: settings to the byte, all but times", async (count) => {
    const whole = await scratch();
    const unsharded = await evaluate({ ...OPTIONS, out: whole });
    const dirs = await shards(count);
    const each = await Promise.all(dirs.map(lines));
    expect(each.flat()).toHaveLength(3 * (DATA.length - 1));
    const out = await scratch();
    const merged = await mergeEvaluations(dirs.reverse(), { out });
    expect(await text(out, "settings.json")).toBe(await text(whole, "settings.json"));
    expect(untimed(await lines(out))).toEqual(untimed(await lines(whole)));
    expect(timeless(merged)).toEqual(timeless(unsharded));
    expect(timeless(JSON.parse(await text(out, "results.json")))).toEqual(timeless(JSON.parse(JSON.stringify(unsharded))));
    expect(merged.failures.map(({ index }) => index)).toEqual([5, 5, 5]);
  });

  it("an evaluation of the merged directory decodes nothing again, and measures what merging cannot", async () => {
    const dirs = await shards(2);
    const out = await scratch();
    await mergeEvaluations(dirs, { out });
    const before = await text(out, "responses.jsonl");
    const length = {
      name: "letters",
      measure: (responses: readonly { response: string }[]) => responses.map(({ response }) => response.length),
    };
    const { methods } = await evaluate({ ...OPTIONS, out, metrics: [length] });
    expect(await text(out, "responses.jsonl")).toBe(before);
    expect(methods["top-p"]?.letters?.count).toBe(DATA.length - 1);
  });

  it("refuses what is missing, twice there, unfinished, of other settings or no shard, and says which", async () => {
    const [one, two] = (await shards(2)) as [string, string];
    const out = await scratch();
    const refusal = async (dirs: string[]): Promise<unknown> => mergeEvaluations(dirs, { out }).catch((error: unknown) => error);
    expect(await refusal([two])).toMatchObject({ code: "INPUT_INVALID", message: "of 2 shards 1 is missing" });
    expect(await refusal([one, two, one])).toMatchObject({ message: expect.stringMatching(/are both shard 1\/2/) });
    const [, other] = (await shards(2, { ...OPTIONS, seed: 7 })) as [string, string];
    expect(await refusal([one, other])).toMatchObject({ code: "INPUT_INVALID", message: expect.stringMatching(/differ in seed/) });
    const [, , third] = (await shards(3)) as [string, string, string];
    expect(await refusal([one, third])).toMatchObject({ message: expect.stringMatching(/shard 3\/3 and .* 1\/2/) });
    const whole = await scratch();
    await evaluate({ ...OPTIONS, out: whole });
    expect(await refusal([one, whole])).toMatchObject({ message: expect.stringMatching(/is no shard/) });
    await rm(join(two, "results.json"));
    expect(await refusal([one, two])).toMatchObject({ message: expect.stringMatching(/shard 2\/2, .* is not finished/) });
  });

  it("of a directory goes on with itself alone", async () => {
    const out = await scratch();
    await evaluate({ ...OPTIONS, out, shard: { index: 1, count: 2 } });
    await expect(evaluate({ ...OPTIONS, out, shard: { index: 2, count: 2 } })).rejects.toMatchObject({
      code: "OPTION_INVALID",
      message: expect.stringMatching(/other settings \(shard\)/),
    });
    await expect(evaluate({ ...OPTIONS, out })).rejects.toMatchObject({ code: "OPTION_INVALID" });
  });

  it.each([
    [{ index: 0, count: 2 }, "shard.index"],
    [{ index: 3, count: 2 }, "shard.index"],
    [{ index: 1, count: 0 }, "shard.count"],
  ])("%j is OPTION_INVALID", async (shard, option) => {
    await expect(evaluate({ ...OPTIONS, out: await scratch(), shard })).rejects.toMatchObject({ code: "OPTION_INVALID", option });
  });

  it("takes a directory", async () => {
    await expect(evaluate({ ...OPTIONS, shard: { index: 1, count: 2 } })).rejects.toMatchObject({
      code: "OPTION_INVALID",
      option: "shard",
    });
  });
});
