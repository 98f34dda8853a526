/**
 * llama.cpp keeps a row of logits for each output of a context, read or not. A reward model's are never read: with a vocabulary of
 * 152,000 tokens they must not take gigabytes.
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { ChangedVocabulary, padding } from "../helpers/changed-vocabulary.js";
import { modelFolder } from "../helpers/model-folder.js";

const PROGRAM = fileURLToPath(new URL("unread-logits.mjs", import.meta.url));
const MIB = 2 ** 20;
const TOKENS = 152_000;
const bytes = Array.from(Array(256).keys());
const vocabulary = new ChangedVocabulary(bytes, { more: padding(bytes.length + 2, TOKENS - bytes.length - 2) });
const shape = { vocabulary, layers: 1, embedding: 16, heads: 2, kvHeads: 1, feedForward: 16, contextLength: 64, tied: true };

const folder = modelFolder();
const policy = folder.write({ seed: 91, ...shape }).path;
const reward = folder.write({ seed: 92, labels: ["reward"], ...shape }).path;

async function resident(slots: number, how: "searching" | "loaded"): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, policy, reward, String(slots), how]);
  return Number(stdout) / MIB;
}

describe("what a reward model's contexts take beyond weights and vocabulary, in MiB", () => {
  it.for<[slots: number, documented: number, most: number]>([
    [1, 24, 30],
    [16, 255, 290],
    [128, 255, 290],
  ])("%i slots: about %i", async ([slots, documented, most]) => {
    const taken = (await resident(slots, "searching")) - (await resident(slots, "loaded"));
    expect(taken).toBeLessThan(most);
    expect(taken).toBeGreaterThan(documented / 2); // or something else has been measured
  });
});

it("the policy's, which are read, are two rows a sequence, of slots and of drafts: in the graph, and where llama.cpp leaves them", async () => {
  const row = (TOKENS * Float32Array.BYTES_PER_ELEMENT) / MIB;
  const sequences = 2 * 128 - (1 + 16); // policy_sequences() of bounds.h
  const taken = (await resident(128, "loaded")) - (await resident(1, "loaded"));
  expect(taken).toBeGreaterThan(sequences * row);
  expect(taken).toBeLessThan(2.5 * sequences * row);
});
