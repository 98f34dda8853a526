/** One context for policy and reward model against one for each: F32, so tokens must be the same and numbers nearly so. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { attachReward } from "../../src/import/index.js";
import { type Decoder, type GenerateOptions, inspect, type LoadOptions, load, type RewardFunction, type Step } from "../../src/index.js";
import { ARCHITECTURES, LABELLED, modelOf } from "../helpers/architectures.js";
import { decode } from "../helpers/brute-force.js";
import { SIXTY_TOKENS } from "../helpers/byte-vocabulary.js";
import { encodeGguf, type GgufContent } from "../helpers/gguf-writer.js";
import { type Architecture, ATTENTION, GATED, NORMS, WIDTH } from "../helpers/layer-shapes.js";
import { modelFolder } from "../helpers/model-folder.js";
import { largestDifference } from "../helpers/rounding.js";

const PROMPT = "a tall ship sails at dawn, and so do i.";
const ERROR = 1e-4;
const LOAD = { gpu: false, threads: 1 } as const;
const GUIDED: GenerateOptions = { method: "args", topK: 12, weight: 0.4, maxTokens: 24, template: "none", ending: "never" };

const f32 = (value: number) => ({ type: "f32", value }) as const;
/** What is done behind the projection, each in a model that llama.cpp has it of. */
const BEHIND: Record<string, Architecture> = {
  "capped logits": {
    name: "gemma2",
    tied: true,
    layer: [...NORMS, ...ATTENTION, ...GATED, ["post_attention_norm.weight", WIDTH], ["post_ffw_norm.weight", WIDTH]],
    keys: { final_logit_softcapping: f32(3), attn_logit_softcapping: f32(50) },
  },
  "scaled logits": { name: "granite", layer: [...NORMS, ...ATTENTION, ...GATED], keys: { logit_scale: f32(1.7) } },
};

const folder = mkdtempSync(join(tmpdir(), "argsearch-trunk-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const models = modelFolder();

function stored(name: string, content: GgufContent): string {
  const path = join(folder, `${name}.gguf`);
  writeFileSync(path, encodeGguf(content));
  return path;
}

async function using<T>(options: LoadOptions, work: (decoder: Decoder) => Promise<T>): Promise<T> {
  const decoder = await load({ ...LOAD, ...options });
  try {
    return await work(decoder);
  } finally {
    await decoder.dispose();
  }
}

/** The same work with one context and with two. */
async function bothWays<T>(options: LoadOptions, work: (decoder: Decoder) => Promise<T>): Promise<[shared: T, apart: T]> {
  const shared = await using(options, (decoder) => {
    expect(decoder.info.sharedTrunk).toBe(true);
    return work(decoder);
  });
  const apart = await using({ ...options, shareTrunk: false }, (decoder) => {
    expect(decoder.info.sharedTrunk).toBe(false);
    return work(decoder);
  });
  return [shared, apart];
}

const steps = async (decoder: Decoder, prompt = PROMPT, options = GUIDED): Promise<Step[]> =>
  (await decode(decoder, prompt, options)).steps;
const numbers = (all: readonly Step[]) => all.flatMap(({ reward, logProb, score }) => [reward ?? 0, logProb, score ?? 0]);
const tokens = (all: readonly Step[]) => all.map(({ token }) => token);

function expectSame(shared: readonly Step[], apart: readonly Step[]): void {
  expect(tokens(shared)).toEqual(tokens(apart));
  expect(largestDifference(numbers(shared), numbers(apart))).toBeLessThan(ERROR);
}

const vowels: RewardFunction = (candidates) => candidates.map(({ response }) => (response.match(/[aeiou]/g) ?? []).length / 4);

/** A policy, and a copy of it with a head, as attachReward() makes it. */
async function policyAndHead(seed = 1): Promise<{ policy: string; reward: string }> {
  const { path, model } = models.write({ seed });
  const out = join(folder, `head-${seed}.gguf`);
  const weight = Array.from({ length: model.shape.embedding }, (_, index) => Math.sin(index + seed));
  await attachReward({ model: path, head: { weight }, out, gpu: false });
  return { policy: path, reward: out };
}

describe.for(Object.entries({ ...ARCHITECTURES, ...BEHIND }))("a model with %s", ([name, architecture]) => {
  const path = stored(name, modelOf(architecture, 7));

  it("decodes the same in one context, or says that it cannot", async () => {
    const options = { policy: path, reward: path };
    const able = await using(options, async ({ info }) => {
      expect(info.sharedTrunk).toBe(!info.policy.recurrent && name !== "an unnamed final norm");
      return info.sharedTrunk;
    });
    if (!able) return;
    const [shared, apart] = await bothWays(options, (decoder) => steps(decoder));
    expect(shared).toHaveLength(GUIDED.maxTokens ?? 0);
    expectSame(shared, apart);
    expect(Object.keys(shared[0]?.objectives ?? {})).toEqual(LABELLED.map(String));
  });
});

describe("a head in a file of its own", () => {
  it("is put on the policy's weights, with the template of its file", async () => {
    const files = await policyAndHead();
    const { rewardHead } = await inspect(files.reward, { gpu: false });
    expect(rewardHead?.notes.trunk).toMatch(/^[0-9a-f]{64}$/);
    const [shared, apart] = await bothWays(files, (decoder) => steps(decoder));
    expectSame(shared, apart);
  });

  it("stays apart where its tensors are others", async () => {
    const { policy, reward } = await policyAndHead(2);
    const changed = join(folder, "changed.gguf");
    const bytes = Buffer.from(readFileSync(policy));
    bytes.writeFloatLE(bytes.readFloatLE(bytes.length - 8) + 1, bytes.length - 8);
    writeFileSync(changed, bytes);
    await using({ policy: changed, reward }, async ({ info }) => expect(info.sharedTrunk).toBe(false));
    const other = models.write({ seed: 2, feedForward: 64 });
    await using({ policy: other.path, reward }, async ({ info }) => expect(info.sharedTrunk).toBe(false));
  });

  it("is read beside the policy's slots of any method, in several slots at once", async () => {
    const files = await policyAndHead(3);
    const prompts = Array.from({ length: 6 }, (_, index) => PROMPT.slice(index));
    const [shared, apart] = await bothWays({ ...files, slots: 3 }, async (decoder) => {
      const mixed = prompts.map((prompt, index) => {
        const options: GenerateOptions[] = [GUIDED, { ...GUIDED, method: "greedy" }, { ...GUIDED, method: "greedy", rewards: true }];
        return steps(decoder, prompt, options[index % 3]);
      });
      const all = await Promise.all(mixed);
      const blocks = await decoder.generate(PROMPT, { method: "blocks", block: 4, drafts: 3, maxTokens: 12, seed: 5, template: "none" });
      return { all: all.flat(), blocks };
    });
    expectSame(shared.all, apart.all);
    expect(shared.blocks.tokens).toEqual(apart.blocks.tokens);
    expect(shared.blocks.reward).toBeCloseTo(apart.blocks.reward ?? Number.NaN, 4);
  });

  it("has a context of its own for a prompt that it reads by another template", async () => {
    const { policy, reward } = await policyAndHead(4);
    const template = "{{ messages[0].content }} it is.";
    const options = { ...GUIDED, template: "auto" } as const;
    const guide = { policy, chatTemplate: "{{ messages[0].content }}", reward: { reward, chatTemplate: template } };
    const [shared, apart] = await bothWays(guide, (decoder) => steps(decoder, PROMPT, options));
    expectSame(shared, apart);
    expect(SIXTY_TOKENS.size).toBeGreaterThan(GUIDED.topK ?? 0);
  });

  it("goes on with a conversation, and rates with functions beside it", async () => {
    const { policy, reward } = await policyAndHead(5);
    const rewards = [reward, { reward: vowels, weight: 0.5 }];
    const [shared, apart] = await bothWays({ policy, reward: rewards }, async (decoder) => {
      const first = await decode(decoder, PROMPT, GUIDED);
      const second = await steps(decoder, PROMPT + first.result.text);
      return [...first.steps, ...second];
    });
    expectSame(shared, apart);
  });
});
