/** Memory of the branches: cells of the reward model's cache, read as the bytes that llama.cpp would save of them. */
import { describe, expect, it } from "vitest";
import type { NativeSearch } from "../../src/engine/binding.js";
import { SIXTY_TOKENS } from "../helpers/byte-vocabulary.js";
import { modelFolder } from "../helpers/model-folder.js";
import { beginOptions, withNativeSearch } from "../helpers/native.js";

/** A saved cell lists the sequences it belongs to, four bytes each. */
const BYTES_PER_OWNER = 4;

const folder = modelFolder();
const pair = folder.writePair(111, {}, { layers: 4, embedding: 64, heads: 4, kvHeads: 4 });

function promptOfLength(length: number): number[] {
  return Array.from({ length }, (_, index) => (11 * index) % SIXTY_TOKENS.bos);
}

async function rewardBytes(search: NativeSearch): Promise<number> {
  return (await search.cacheBytes()).rewards[0];
}

/** Bytes of one cell with one owner: what a prompt that is one token longer takes more. */
async function bytesPerCell(search: NativeSearch): Promise<number> {
  await search.begin(0, beginOptions(promptOfLength(10)));
  const short = await rewardBytes(search);
  await search.begin(0, beginOptions(promptOfLength(110)));
  return ((await rewardBytes(search)) - short) / 100;
}

describe("prompt and branches", () => {
  it("a cell holds a key and a value of every layer", async () => {
    const { layers, embedding } = pair.reward.model.shape;
    const cell = await withNativeSearch(pair, {}, bytesPerCell);
    const data = layers * 2 * embedding * Float32Array.BYTES_PER_ELEMENT;
    expect(cell).toBeGreaterThanOrEqual(data);
    expect(cell).toBeLessThan(data + 32);
  });

  it.for([1, 10, 40])("%i branches cost as many cells, not copies of the prompt", async (topK) => {
    await withNativeSearch(pair, {}, async (search) => {
      const cell = await bytesPerCell(search);
      const length = 200;
      await search.begin(0, beginOptions(promptOfLength(length), { topK }));
      const prompt = await rewardBytes(search);
      await search.propose(Int32Array.of(0));
      const owners = topK * length * BYTES_PER_OWNER; // every cell of the prompt is now every branch's, too
      expect((await rewardBytes(search)) - prompt - owners).toBe(topK * cell);
      await search.commit(Int32Array.of(0), [new Float64Array(topK)]);
      expect((await rewardBytes(search)) - prompt).toBe(cell);
    });
  });

  it("a response grows both caches by one cell a token", async () => {
    await withNativeSearch(pair, {}, async (search) => {
      await search.begin(0, beginOptions(promptOfLength(50)));
      await search.step(Int32Array.of(0));
      const start = await search.cacheBytes();
      for (let step = 0; step < 10; step++) await search.step(Int32Array.of(0));
      const end = await search.cacheBytes();
      const { layers, embedding, heads, kvHeads } = pair.policy.model.shape;
      const policyCell = layers * 2 * (embedding / heads) * kvHeads * Float32Array.BYTES_PER_ELEMENT;
      expect((end.policy - start.policy) / 10).toBeGreaterThanOrEqual(policyCell);
      expect((end.policy - start.policy) / 10).toBeLessThan(policyCell + 32);
      expect((end.rewards[0] - start.rewards[0]) / 10).toBe(await bytesPerCell(search));
    });
  });

  it("clear() gives the cells back", async () => {
    await withNativeSearch(pair, { slots: 2 }, async (search) => {
      const empty = await search.cacheBytes();
      await search.begin(1, beginOptions(promptOfLength(50)));
      await search.step(Int32Array.of(1));
      await search.clear(1);
      expect(await search.cacheBytes()).toEqual(empty);
    });
  });
});
