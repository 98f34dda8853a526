/** rerank() of the real AI SDK over rewards of the embedded pair. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { createArgsearch } from "../../src/ai-sdk/index.js";
import { type Decoder, load } from "../../src/index.js";
import { describeOnNewerNode, NEW_ENOUGH } from "./newer-node.js";

const ai = NEW_ENOUGH ? await import("ai") : ({} as typeof import("ai"));
const PROMPT = "Can you help me set up a light show?";

Object.assign(globalThis, { AI_SDK_LOG_WARNINGS: false });

describeOnNewerNode("ai's rerank()", () => {
  let decoder: Decoder;
  let argsearch: ReturnType<typeof createArgsearch>;
  beforeAll(async () => {
    decoder = await load({ gpu: false, threads: 1 });
    argsearch = createArgsearch(decoder);
  });
  afterAll(() => decoder.dispose());

  const documents = ["No.", "Here is how to set up a light show.", "Here is how to bake a cake."];

  it("orders documents by their rewards", async () => {
    const { ranking, rerankedDocuments } = await ai.rerank({ model: argsearch.rerankingModel(), query: PROMPT, documents });
    const scores = await decoder.score(documents.map((response) => ({ prompt: PROMPT, response })));
    const best = scores.map(({ reward }, index) => ({ reward, index })).sort((a, b) => b.reward - a.reward);
    expect(ranking.map(({ originalIndex, score }) => ({ reward: score, index: originalIndex }))).toEqual(best);
    expect(rerankedDocuments).toEqual(best.map(({ index }) => documents[index]));
  });

  it("takes objects, topN and how texts are read", async () => {
    const objects = documents.map((answer) => ({ answer }));
    const model = argsearch.rerankingModel();
    const two = await ai.rerank({
      model,
      query: PROMPT,
      documents: objects,
      topN: 2,
      providerOptions: { argsearch: { template: "none" } },
    });
    const scores = await decoder.score(
      objects.map((each) => ({ prompt: PROMPT, response: JSON.stringify(each) })),
      { template: "none" },
    );
    const best = scores.map(({ reward }) => reward).sort((a, b) => b - a);
    expect(two.ranking.map(({ score }) => score)).toEqual(best.slice(0, 2));
    const objectives = best.slice(0, 2).map((reward) => ({ reward }));
    expect(two.providerMetadata?.argsearch).toEqual({ objectives });
  });

  it("says what is wrong", async () => {
    const call = { model: argsearch.rerankingModel(), query: PROMPT, documents };
    const unknown = ai.rerank({ ...call, providerOptions: { argsearch: { rewardsAt: "end" } } });
    await expect(unknown).rejects.toMatchObject({ code: "OPTION_INVALID", message: expect.stringContaining("did you mean rewardAt?") });
    await expect(ai.rerank({ ...call, abortSignal: AbortSignal.abort() })).rejects.toMatchObject({ name: "AbortError" });
  });
});
