/** The embedded policy behind llama.cpp's own server, the embedded reward model here. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Decoder, EMBEDDED, type LoadOptions, load, loadReward, type RewardCandidate } from "../../src/index.js";
import { type RunningServer, start, whyNoServer } from "./llama-server.js";

const PROMPTS = ["Can you help me set up a light show?", "How do I sharpen a knife?", "What should I cook tonight?"];
const missing = whyNoServer();
if (missing !== undefined) console.warn(`skipped: ${missing}`);

describe.skipIf(missing !== undefined)("llama.cpp's server as policy", () => {
  let server: RunningServer;
  beforeAll(async () => {
    server = await start(EMBEDDED.policy, ["-np", "2", "-c", "4096"]);
  });
  afterAll(() => server?.kill());

  const loaded = (options: LoadOptions = {}): Promise<Decoder> => {
    return load({ policy: { url: server.url, model: "policy", retries: 1 }, reward: EMBEDDED.reward, threads: 1, ...options });
  };

  it("tells its chat template, and decodes greedily what is decoded here", async () => {
    await using local = await load({ threads: 1 });
    await using remote = await loaded();
    for (const prompt of PROMPTS) {
      expect(await remote.render(prompt)).toBe(await local.render(prompt));
      const options = { method: "greedy", maxTokens: 24 } as const;
      const [here, there] = [await local.generate(prompt, options), await remote.generate(prompt, options)];
      expect(there).toMatchObject({ text: here.text, finishReason: here.finishReason });
      expect(there.usage).toMatchObject({ promptTokens: here.usage.promptTokens });
      expect(there.logProbs[0]).toBeCloseTo(
        here.policyLogProbs.reduce((sum, each) => sum + each, 0),
        0,
      );
    }
  });

  it.each([2, 5])("is searched by blocks of %i drafts, of which the best are kept", async (drafts) => {
    const blocks: { response: string; value: number }[][] = [];
    await using scorer = await loadReward({ threads: 1 });
    const asked = async (candidates: readonly RewardCandidate[], { prompt }: { prompt: unknown }): Promise<number[]> => {
      const inputs = candidates.map(({ response }) => ({ prompt: prompt as string, response: response || " " }));
      const values = (await scorer.score(inputs, { rewardAt: "last" })).map(({ reward }) => reward);
      blocks.push(candidates.map(({ response }, at) => ({ response, value: values[at] ?? Number.NaN })));
      return values;
    };
    await using decoder = await loaded({ reward: [EMBEDDED.reward, { reward: asked, weight: 0 }] });
    for (const prompt of PROMPTS) {
      blocks.length = 0;
      const result = await decoder.generate(prompt, { drafts, block: 8, maxTokens: 32, seed: 7, ending: "reward", rewardAt: "last" });
      expect(blocks.every((each) => each.length === drafts)).toBe(true);
      const best = blocks.map((each) => each.reduce((kept, draft) => (draft.value > kept.value ? draft : kept)));
      expect(best.at(-1)?.response).toBe(result.text);
      for (const [at, { response }] of best.slice(0, -1).entries())
        expect(blocks[at + 1]?.every((each) => each.response.startsWith(response))).toBe(true);
      expect(result.reward).toBeCloseTo(best.at(-1)?.value ?? Number.NaN, 5);
      expect(result.usage.completionTokens).toBeLessThanOrEqual(32);
    }
  });

  it("dies in the middle of a response: a typed error with the text so far; the next one is as before", async () => {
    await using decoder = await loaded();
    const options = { drafts: 2, block: 4, maxTokens: 16, seed: 3 };
    const whole = await decoder.generate(PROMPTS[0] ?? "", options);
    let text = "";
    const dying = decoder.generate(PROMPTS[0] ?? "", {
      ...options,
      onStep: async (step) => {
        text += step.text;
        await server.kill();
      },
    });
    const error = await dying.catch((error: unknown) => error);
    expect(text).not.toBe("");
    expect(error).toMatchObject({ code: "REMOTE_FAILED", details: { response: text } });
    server = await start(EMBEDDED.policy, ["-np", "2", "-c", "4096"], Number(new URL(server.url).port));
    expect((await decoder.generate(PROMPTS[0] ?? "", options)).text).toBe(whole.text);
  });
});
