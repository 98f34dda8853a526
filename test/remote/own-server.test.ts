/** argsearch serve on the other end: its numbers are those of the same models here. */
import { expect, it, onTestFinished } from "vitest";
import { EMBEDDED, type LoadOptions, load, loadReward } from "../../src/index.js";
import { createServer } from "../../src/server/index.js";

const PROMPT = [{ role: "user", content: "How do I sharpen a knife?" }];
const RESPONSE = "Hold the blade at 20 degrees.";

async function served(options: LoadOptions): Promise<string> {
  const server = createServer({ decoder: await load({ threads: 1, ...options }) });
  onTestFinished(() => server.close());
  return (await server.listen({ port: 0 })).url;
}

it("rates texts as the reward model does in this process, by its own protocol and by vLLM's", async () => {
  const url = await served({});
  const { chatTemplate, eosText } = (
    await load({ reward: null }).then(async (decoder) => {
      await decoder.dispose();
      return decoder.info;
    })
  ).policy;
  await using here = await loadReward({ threads: 1 });
  await using own = await loadReward({ reward: { url, api: "argsearch" } });
  const template = { chatTemplate: chatTemplate ?? "", specialTokens: { bos_token: "", eos_token: eosText } };
  await using vllm = await loadReward({ reward: { url, api: "vllm", ...template } });
  const input = { prompt: PROMPT, response: RESPONSE };
  const { reward } = await here.score(input, { rewardAt: "last" });
  expect((await own.score(input)).reward).toBeCloseTo(reward, 4);
  expect((await vllm.score(input)).reward).toBeCloseTo(reward, 4);
});

it("continues texts as the policy does in this process", async () => {
  const url = await served({ reward: null, slots: 3 });
  await using here = await load({ threads: 1 });
  await using there = await load({ policy: { url, model: "policy" }, reward: EMBEDDED.reward, threads: 1 });
  const text = "Certainly. Here is a plan for your";
  const options = { template: "none", method: "greedy", maxTokens: 24 } as const;
  const [expected, found] = [await here.generate(text, options), await there.generate(text, options)];
  expect(found).toMatchObject({ text: expected.text, finishReason: expected.finishReason });
  const searched = await there.generate(text, { template: "none", drafts: 3, block: 8, maxTokens: 24, seed: 1, rewardAt: "last" });
  expect(searched.gate).toMatchObject({ candidates: 3 * searched.pieces.length });
  const { reward } = await here.score({ prompt: text, response: searched.text }, { template: "none", rewardAt: "last" });
  expect(searched.reward).toBeCloseTo(reward, 4);
});
