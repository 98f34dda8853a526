/** Models by their names on the Hub wherever the library takes a path, and heads that lie beside their trunks. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { measureSpeed } from "../../src/bench/index.js";
import { evaluate, loadEmbedder } from "../../src/evaluate/index.js";
import { attachReward } from "../../src/gguf/attach.js";
import { EMBEDDED, inspect, load, loadReward, readSettings } from "../../src/index.js";
import { withFiles } from "../../src/reward/hub-models.js";
import type { ModelDownload, RewardSpec } from "../../src/types.js";
import { encodeGguf, writeGguf } from "../helpers/gguf-writer.js";
import { COMMIT } from "../helpers/hub-server.js";
import { queryAdapter } from "../helpers/lora.js";
import { encodeSafetensors } from "../helpers/safetensors-writer.js";
import { hubSetting } from "./setting.js";

const setting = hubSetting();
const POLICY = readFileSync(EMBEDDED.policy);
const REWARD = readFileSync(EMBEDDED.reward);
const LOCAL = { gpu: false, threads: 1 } as const;
const SHORT = { maxTokens: 6, seed: 1 } as const;

const snapshot = (file: string): string => join(setting.home, "hub", "models--owner--models", "snapshots", COMMIT, file);
const blobs = (): string[] => setting.server.asked(/^\/blobs/).map(({ range }) => range ?? "whole");

function addPair(): void {
  setting.server.add("owner/models", { "policy-Q8_0.gguf": POLICY, "reward-F16.gguf": REWARD });
}

describe("load()", () => {
  it("decodes with models of the Hub as with the files", async () => {
    addPair();
    const seen: [number, ModelDownload | undefined][] = [];
    const onProgress = (progress: number, download?: ModelDownload): void => void seen.push([progress, download]);
    const names = { policy: "hf:owner/models:q8_0", reward: { reward: "hf:owner/models/reward-F16.gguf", weight: 0.5 } };
    const decoder = await load({ ...LOCAL, ...names, onProgress });
    const result = await decoder.generate("Hello", SHORT);
    expect(decoder.info.policy.path).toBe(snapshot("policy-Q8_0.gguf"));
    expect(decoder.info.rewards.map(({ path }) => path)).toEqual([snapshot("reward-F16.gguf")]);
    await decoder.dispose();
    const files = await load({ ...LOCAL, policy: EMBEDDED.policy, reward: { reward: EMBEDDED.reward, weight: 0.5 } });
    expect(result.tokens).toEqual((await files.generate("Hello", SHORT)).tokens);
    await files.dispose();
    const progress = seen.map(([each]) => each);
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
    expect(progress.at(-1)).toBe(1);
    const downloads = seen.flatMap(([, download]) => download ?? []);
    expect(downloads.at(-1)).toEqual({
      file: "owner/models/reward-F16.gguf",
      bytes: POLICY.length + REWARD.length,
      total: POLICY.length + REWARD.length,
    });
    expect(seen.filter(([, download]) => download !== undefined).at(-1)?.[0]).toBeCloseTo(0.9);
  });

  it("in a process of its own", async () => {
    addPair();
    const seen: number[] = [];
    const names = { policy: "hf:owner/models:q8_0", reward: "hf:owner/models:f16" };
    const decoder = await load({ ...LOCAL, ...names, isolate: true, onProgress: (progress) => seen.push(progress) });
    expect(decoder.info.policy.path).toBe(snapshot("policy-Q8_0.gguf"));
    expect((await decoder.generate("Hello", SHORT)).tokens).toHaveLength(6);
    await decoder.dispose();
    expect(seen.some((each) => each > 0 && each < 0.9)).toBe(true);
    expect(seen.at(-1)).toBe(1);
  });

  it("says what is wrong with a name, and other options, before anything is asked", async () => {
    addPair();
    const reward = ["hf:owner/models:f16", { reward: "hf:owner" }];
    await expect(load({ ...LOCAL, policy: "hf:owner/models", reward })).rejects.toMatchObject({
      code: "OPTION_INVALID",
      option: "reward[1].reward",
    });
    await expect(load({ ...LOCAL, policy: "hf:owner" })).rejects.toMatchObject({ code: "OPTION_INVALID", option: "policy" });
    await expect(load({ ...LOCAL, policy: "hf:owner/models", slots: 0 })).rejects.toMatchObject({ option: "slots" });
    expect(setting.server.seen).toEqual([]);
  });

  it("ends by its signal", async () => {
    addPair();
    setting.server.faults.push({ of: /storage/, hangAt: 1000 });
    const controller = new AbortController();
    const onProgress = (): void => controller.abort();
    await expect(load({ policy: "hf:owner/models:q8_0", onProgress, signal: controller.signal })).rejects.toMatchObject({
      code: "ABORTED",
    });
  });

  it("ends with what is wrong at the Hub", async () => {
    await expect(load({ policy: "hf:owner/none" })).rejects.toMatchObject({ code: "HUB_NOT_FOUND" });
    await expect(loadReward({ reward: ["hf:owner/none"] })).rejects.toMatchObject({ code: "HUB_NOT_FOUND" });
  });
});

describe("a head beside its trunk", () => {
  const nEmbd = async (): Promise<number> => (await inspect(EMBEDDED.policy)).embeddingLength ?? 0;
  const headOf = (width: number, name = "score.weight"): Buffer =>
    encodeSafetensors({ [name]: { shape: [1, width], data: Float32Array.from({ length: width }, (_, at) => Math.sin(at) / 8) } });
  const INPUT = { text: "Hello, what a day." };

  const scoreOf = async (reward: string): Promise<number> => {
    const model = await loadReward({ ...LOCAL, reward });
    try {
      return (await model.score(INPUT)).reward;
    } finally {
      await model.dispose();
    }
  };

  it("is put on it once, in the package's own cache", async () => {
    const width = await nEmbd();
    const weights = Float32Array.from({ length: width }, (_, at) => Math.sin(at) / 8);
    const expected = join(setting.home, "expected.gguf");
    await attachReward({ model: EMBEDDED.policy, head: { weight: [[...weights]] }, out: expected });
    setting.server.add("owner/models", {
      "README.md": "a reward model",
      "config.json": JSON.stringify({ architectures: ["LlamaForSequenceClassification"], num_labels: 1, hidden_size: width }),
      "head.safetensors": headOf(width),
      "model-Q8_0.gguf": POLICY,
    });
    const score = await scoreOf("hf:owner/models");
    expect(score).toBe(await scoreOf(expected));
    const model = await loadReward({ ...LOCAL, reward: "hf:owner/models" });
    const [{ path } = { path: "" }] = model.info.rewards;
    await model.dispose();
    expect(path).toMatch(/own\/rewards\/[0-9a-f]{32}\/model-Q8_0\.gguf$/);
    expect((await inspect(path)).rewardHead?.notes).toMatchObject({ source: `hf:owner/models@${COMMIT}` });
    // From now on nothing is needed but what the branch stands at, and not even that.
    setting.server.seen.length = 0;
    await scoreOf("hf:owner/models");
    expect(setting.server.seen).toHaveLength(1);
    vi.stubEnv("HF_HUB_OFFLINE", "1");
    expect(await scoreOf("hf:owner/models")).toBe(score);
  });

  it("is looked for in headers alone, and by an index in the shard that it names", async () => {
    const width = await nEmbd();
    const trunk = (name: string): Buffer => encodeSafetensors({ [name]: { shape: [4], data: new Float32Array(4) } });
    const shards = { "model.embed_tokens.weight": "model-00001-of-00002.safetensors", "score.weight": "model-00002-of-00002.safetensors" };
    setting.server.add("owner/models", {
      "model-00001-of-00002.safetensors": trunk("model.embed_tokens.weight"),
      "model-00002-of-00002.safetensors": headOf(width),
      "model.safetensors.index.json": JSON.stringify({ weight_map: shards }),
      "model.gguf": POLICY,
    });
    const score = await scoreOf("hf:owner/models");
    expect(existsSync(snapshot("model-00001-of-00002.safetensors"))).toBe(false);
    setting.server.add("owner/other", {
      "a.safetensors": trunk("model.norm.weight"),
      "b.safetensors": headOf(width),
      "model.gguf": POLICY,
    });
    setting.server.seen.length = 0;
    expect(await scoreOf("hf:owner/other")).toBe(score);
    expect(blobs().filter((range) => range !== "whole")).toHaveLength(4);
    expect(existsSync(join(setting.home, "hub", "models--owner--other", "snapshots", COMMIT, "a.safetensors"))).toBe(false);
  });

  it("is not looked for where the GGUF has one", async () => {
    setting.server.add("owner/models", { "head.safetensors": headOf(8), "model.gguf": REWARD });
    expect(await scoreOf("hf:owner/models")).toBe(await scoreOf(EMBEDDED.reward));
    expect(blobs()).toEqual(["whole"]);
  });

  it("of another length, or none at all, is told", async () => {
    setting.server.add("owner/models", { "head.safetensors": headOf(8), "model.gguf": POLICY });
    await expect(scoreOf("hf:owner/models")).rejects.toMatchObject({ code: "REWARD_HEAD_INVALID" });
    setting.server.add("owner/other", { "model.safetensors": headOf(8, "model.norm.weight"), "model.gguf": POLICY });
    await expect(scoreOf("hf:owner/other")).rejects.toMatchObject({ code: "REWARD_HEAD_MISSING" });
  });

  it("of an adapter is refused: merge it first", async () => {
    setting.server.add("owner/models", { "adapter_config.json": "{}", "adapter_model.safetensors": headOf(8), "model.gguf": POLICY });
    await expect(scoreOf("hf:owner/models")).rejects.toMatchObject({
      code: "MODEL_UNSUPPORTED",
      message: expect.stringMatching(/merge it first/),
    });
  });

  it("is a reward model's business: a policy is taken as it is", async () => {
    setting.server.add("owner/models", { "head.safetensors": headOf(await nEmbd()), "model.gguf": POLICY });
    const decoder = await load({ ...LOCAL, policy: "hf:owner/models" });
    expect(decoder.info.policy.path).toBe(snapshot("model.gguf"));
    await decoder.dispose();
    expect(blobs()).toEqual(["whole"]);
  });
});

it("an adapter as a GGUF is told to be one", async () => {
  const path = join(setting.home, "adapter.gguf");
  const texts = { "general.architecture": "llama", "general.type": "adapter", "adapter.type": "lora" };
  const metadata = Object.fromEntries(Object.entries(texts).map(([key, value]) => [key, { type: "string", value } as const]));
  writeGguf(path, { metadata, tensors: [{ name: "blk.0.attn_q.weight.lora_a", shape: [8, 4], data: new Float32Array(32) }] });
  setting.server.add("owner/models", { "lora-F32.gguf": readFileSync(path) });
  const adapter = {
    code: "MODEL_UNSUPPORTED",
    message: expect.stringMatching(
      /is an adapter .* --reward BASE --reward-adapter\. As a policy, merge it first: .*llama-export-lora -m BASE/,
    ),
  };
  await expect(load({ ...LOCAL, policy: "hf:owner/models" })).rejects.toMatchObject(adapter);
});

it("an adapter of a reward is found by its name", async () => {
  addPair();
  const width = (await inspect(EMBEDDED.policy)).embeddingLength as number;
  setting.server.add("owner/lora", { "lora-F32.gguf": encodeGguf(queryAdapter(width)) });
  const reward = { reward: "hf:owner/models:q8_0", adapter: "hf:owner/lora", base: "hf:owner/models:q8_0" };
  const decoder = await load({ ...LOCAL, policy: "hf:owner/models:q8_0", reward });
  const [{ path, adapter, base }] = decoder.info.rewards;
  await decoder.dispose();
  expect([path, base?.path]).toEqual([snapshot("policy-Q8_0.gguf"), snapshot("policy-Q8_0.gguf")]);
  expect(adapter).toBe(join(setting.home, "hub", "models--owner--lora", "snapshots", COMMIT, "lora-F32.gguf"));
  expect(blobs()).toEqual(["whole", "whole"]);
});

describe("everything else that takes a model's path", () => {
  it("inspect()", async () => {
    addPair();
    expect(await inspect("hf:owner/models:f16")).toEqual({ ...(await inspect(EMBEDDED.reward)), path: snapshot("reward-F16.gguf") });
  });

  it("attachReward()", async () => {
    addPair();
    const [out, weight] = [
      join(setting.home, "out.gguf"),
      Array.from({ length: (await inspect(EMBEDDED.policy)).embeddingLength ?? 0 }, () => 1),
    ];
    await attachReward({ model: "hf:owner/models:q8_0", head: { weight: [weight] }, out });
    expect((await inspect(out)).rewardHead).not.toBeNull();
  });

  it("evaluate(), whose results name the files", async () => {
    addPair();
    const options = { ...LOCAL, data: ["Hello"], methods: ["args-greedy"], maxTokens: 3, slots: 1 } as const;
    const hub = await evaluate({
      ...options,
      policy: "hf:owner/models:q8_0",
      reward: "hf:owner/models:f16",
      judgeReward: "hf:owner/models:f16",
    });
    const files = await evaluate({ ...options, policy: EMBEDDED.policy, reward: EMBEDDED.reward, judgeReward: EMBEDDED.reward });
    const reward = ({ methods }: typeof hub): unknown => Object.values(methods).map((each) => each.reward);
    expect(reward(hub)).toEqual(reward(files));
    expect(JSON.stringify(hub.settings)).not.toContain("hf:");
  });

  it("measureSpeed()", async () => {
    addPair();
    const options = { ...LOCAL, prompts: ["Hello"], rounds: 1, maxTokens: 2, modes: [] };
    const { settings } = await measureSpeed({ ...options, policy: "hf:owner/models:q8_0", reward: "hf:owner/models:f16" });
    expect(settings).toMatchObject({ policy: snapshot("policy-Q8_0.gguf"), rewards: [snapshot("reward-F16.gguf")] });
  });

  it("loadEmbedder()", async () => {
    addPair();
    const embedder = await loadEmbedder({ ...LOCAL, model: "hf:owner/models:q8_0", pooling: "mean" });
    expect(embedder.info.model.path).toBe(snapshot("policy-Q8_0.gguf"));
    await embedder.dispose();
  });

  it("readSettings()", async () => {
    addPair();
    const path = join(setting.home, "settings.json");
    writeFileSync(path, JSON.stringify({ settings: { weight: 0.3 } }));
    expect(await readSettings(path, { policy: "hf:owner/models:q8_0", reward: null })).toEqual({ weight: 0.3 });
  });
});

describe("rewards of every kind", () => {
  const files = async (reward: unknown): Promise<unknown> => {
    addPair();
    return (await withFiles({ reward: reward as RewardSpec }, {})).reward;
  };
  const [policy, reward] = ["policy-Q8_0.gguf", "reward-F16.gguf"];

  it("terms, a contrast's base, a judge that is asked", async () => {
    expect(await files("hf:owner/models:f16")).toBe(snapshot(reward));
    expect(
      await files([
        { reward: "hf:owner/models:f16", base: "hf:owner/models:q8_0", weight: 2 },
        { reward: { ask: "Is it polite?", model: "hf:owner/models:q8_0" } },
        { ask: "Is it short?", model: "hf:owner/models:q8_0" },
        { ask: "Is it long?" },
        { reward: "a.gguf", base: "hf:owner/models:q8_0" },
      ]),
    ).toEqual([
      { reward: snapshot(reward), base: snapshot(policy), weight: 2 },
      { reward: { ask: "Is it polite?", model: snapshot(policy) } },
      { ask: "Is it short?", model: snapshot(policy) },
      { ask: "Is it long?" },
      { reward: "a.gguf", base: snapshot(policy) },
    ]);
  });

  it("names of models on servers, and functions, are left alone", async () => {
    const own = Object.assign(() => [0], { ending: "reward" as const });
    const remote = { url: "http://localhost:1", api: "vllm", model: "hf:owner/models:q8_0" };
    const asked = { ask: "Is it polite?", url: "http://localhost:1", model: "hf:owner/models:q8_0" };
    const given = [own, remote, asked, { reward: own, weight: 2 }, { reward: remote }];
    expect(await files([...given, "hf:owner/models:f16"])).toEqual([...given, snapshot(reward)]);
  });

  it("options without a name of the Hub are the same object", async () => {
    const options = { policy: "a.gguf", reward: ["b.gguf"] };
    expect(await withFiles(options, {})).toBe(options);
  });
});
