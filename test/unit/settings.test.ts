/** Settings of a decoder, given or from a file, and what a call makes of them. */
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { checkSettings, SETTING_NAMES, withSettings } from "../../src/decode/settings.js";
import { settingsModels } from "../../src/decode/settings-file.js";
import { type DecodingSettings, EMBEDDED, type LoadOptions, load, readSettings } from "../../src/index.js";
import { resolveTerms } from "../../src/reward/terms.js";

const PROMPT = "How do I bake bread?";
const CHOSEN: DecodingSettings = { method: "args", weight: 0.3, topK: 5, dryMultiplier: 0.8, ending: "policy" };

/** Hot enough for drafts to differ. */
const BLOCKS: DecodingSettings = {
  method: "blocks",
  block: 4,
  drafts: 8,
  keepDrafts: 3,
  blockReward: "mean",
  ending: "never",
  policyTemperature: 2,
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "argsearch-settings-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function stored(content: unknown): Promise<string> {
  const path = join(folder, `${Math.random()}.json`);
  await writeFile(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

async function tokens(options: LoadOptions, call: Parameters<Awaited<ReturnType<typeof load>>["generate"]>[1]): Promise<number[]> {
  const decoder = await load({ threads: 1, ...options });
  try {
    return (await decoder.generate(PROMPT, { maxTokens: 12, ...call })).tokens;
  } finally {
    await decoder.dispose();
  }
}

function warnings(): (Error & { code?: string })[] {
  const seen: Error[] = [];
  const see = (warning: Error): void => void seen.push(warning);
  process.on("warning", see);
  onTestFinished(() => void process.off("warning", see));
  return seen;
}

describe("settings of a decoder", () => {
  it.each([false, true])("are those of every response, until a call says otherwise; isolated: %s", async (isolate) => {
    const path = await stored({ argsearch: { version: "0.1.0" }, settings: CHOSEN });
    const tuned = await tokens({ settings: path, isolate }, {});
    expect(tuned).toEqual(await tokens({}, CHOSEN));
    expect(tuned).not.toEqual(await tokens({}, {}));
    expect(await tokens({ settings: CHOSEN, isolate }, { weight: 0.9 })).toEqual(await tokens({}, { ...CHOSEN, weight: 0.9 }));
  });

  it.each([false, true])("may be of blocks; isolated: %s", async (isolate) => {
    const path = await stored({ argsearch: { version: "0.1.0" }, settings: BLOCKS });
    const tuned = await tokens({ settings: path, isolate }, { seed: 17 });
    const { drafts, keepDrafts, block, blockReward, ...others } = BLOCKS;
    expect(tuned).toEqual(await tokens({}, { ...BLOCKS, seed: 17 }));
    for (const without of [
      { keepDrafts, block, blockReward },
      { drafts, block, blockReward },
      { drafts, keepDrafts, blockReward },
      { drafts, keepDrafts, block },
    ]) {
      expect(tuned).not.toEqual(await tokens({}, { ...others, ...without, seed: 17 }));
    }
  });

  it("give way to what a call names, and with it to what they would no longer mean", () => {
    expect(withSettings(CHOSEN, { weight: undefined, topK: 3, seed: 1 })).toEqual({ ...CHOSEN, topK: 3, seed: 1 });
    expect(withSettings(CHOSEN, { method: "sample" })).toEqual({ method: "sample", dryMultiplier: 0.8, ending: "policy" });
    expect(withSettings({ weight: 0.3 }, { method: "args" })).toEqual({ weight: 0.3, method: "args" });
    expect(withSettings(CHOSEN, { combine: "additive" })).not.toHaveProperty("weight");
    expect(withSettings({ grammar: 'root ::= "a"' }, { jsonSchema: true })).toEqual({ jsonSchema: true });
    expect(() => withSettings(CHOSEN, null as never)).toThrow(/the options of generate\(\) must be an object/);
  });

  it("are refused with the file and the field", async () => {
    const models = { policy: EMBEDDED.policy, reward: EMBEDDED.reward };
    const refused = async (content: unknown, message: string): Promise<void> => {
      const path = await stored(content);
      await expect(readSettings(path, models)).rejects.toMatchObject({
        code: "INPUT_INVALID",
        message: expect.stringContaining(`${path}${message}`),
      });
    };
    await refused({ settings: { weigth: 0.3 } }, ': settings has no option "weigth"; did you mean weight?');
    await refused({ settings: { weight: 3 } }, ": settings.weight must be a number from 0 to 1");
    await refused({ settings: { minP: 0.1, maxTokens: 3 } }, ': settings has no option "maxTokens"');
    await refused({ setings: {}, settings: {} }, ' has no option "setings"; did you mean settings?');
    await refused({ models: {} }, ' is no settings file: it has no "settings"; argsearch tune writes one');
    await refused([], ' is no settings file: it has no "settings"; argsearch tune writes one');
    await refused({ settings: [] }, ": settings must be an object, got an empty array");
    await expect(readSettings(await stored("{"), models)).rejects.toMatchObject({ code: "INPUT_INVALID" });
    await expect(load({ settings: "/nowhere.json" })).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
    await expect(load({ settings: { topk: 3 } as never })).rejects.toMatchObject({ code: "OPTION_INVALID", option: "settings" });
    expect(() => checkSettings({ method: "args" }, { rewarded: false })).toThrow(/^settings\.method "args" needs a reward/);
  });

  it("warn where they were made for other models, however those are called", async () => {
    const seen = warnings();
    const models = await settingsModels({ policy: EMBEDDED.policy, terms: resolveTerms(EMBEDDED.reward) });
    const path = await stored({ argsearch: { version: "0.1.0" }, models, settings: CHOSEN });
    const copy = join(folder, "copy.gguf");
    await copyFile(EMBEDDED.reward, copy);
    await readSettings(path, { policy: EMBEDDED.policy, reward: copy });
    await new Promise(setImmediate);
    expect(seen).toEqual([]);
    await writeFile(copy, Buffer.concat([await readFile(copy), Buffer.alloc(1)]));
    await readSettings(path, { policy: EMBEDDED.policy, reward: copy });
    await new Promise(setImmediate);
    expect(seen).toMatchObject([{ code: "ARGSEARCH_SETTINGS_OF_OTHER_MODELS", message: expect.stringContaining("copy.gguf") }]);
  });

  it("warn where a reward was of another kind, or had another base", async () => {
    const seen = warnings();
    const { policy, reward } = EMBEDDED;
    const base = join(folder, "base.gguf");
    await writeFile(base, Buffer.concat([await readFile(policy), Buffer.alloc(2)]));
    const contrast = { reward, base: policy };
    const models = await settingsModels({ policy, terms: resolveTerms(contrast) });
    expect(models.rewards).toMatchObject([{ file: "reward.gguf", kind: "contrast" }, { file: "policy.gguf" }]);
    const path = await stored({ argsearch: { version: "0.1.0" }, models, settings: CHOSEN });
    await readSettings(path, { policy, reward: contrast });
    await new Promise(setImmediate);
    expect(seen).toEqual([]);
    await readSettings(path, { policy, reward });
    await readSettings(path, { policy, reward: { reward, base } });
    await new Promise(setImmediate);
    expect(seen.map((warning) => warning.message)).toEqual([
      expect.stringContaining("not for reward.gguf"),
      expect.stringContaining("not for base.gguf"),
    ]);
  });

  it("are named once", () => {
    expect(new Set(SETTING_NAMES).size).toBe(SETTING_NAMES.length);
    expect(SETTING_NAMES).toEqual(expect.arrayContaining(["weight", "dryMultiplier", "ending", "method", "grammar"]));
  });
});
