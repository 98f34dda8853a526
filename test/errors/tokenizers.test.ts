/** What is said of reward models with another tokenizer, and what they are refused for. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Decoder, type GenerateOptions, load, loadReward } from "../../src/index.js";
import { ALL_BYTES, SIXTY_TOKENS } from "../helpers/byte-vocabulary.js";
import { modelFolder } from "../helpers/model-folder.js";
import { expectError } from "./expect-error.js";

const CPU = { gpu: false, threads: 1 } as const;
const folder = modelFolder();
const policy = folder.write({ seed: 1, vocabulary: SIXTY_TOKENS, layers: 1 });
const same = folder.write({ seed: 2, vocabulary: SIXTY_TOKENS, layers: 1, labels: ["same"] });
const other = folder.write({ seed: 3, vocabulary: ALL_BYTES, layers: 1, labels: ["other"] });

const warnings: Error[] = [];
const listen = (warning: Error): void => void (warning.name === "ArgsearchWarning" && warnings.push(warning));
beforeEach(() => {
  warnings.length = 0;
  process.on("warning", listen);
});
afterEach(() => void process.off("warning", listen));

/** Warnings come out at the end of a turn. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

test("a mismatch names the choice", async () => {
  const message = /does not have the vocabulary of .*tokenizers: "any"/;
  await expectError(() => load({ policy: policy.path, reward: other.path, ...CPU }), "VOCABULARY_MISMATCH", message);
  await expectError(() => loadReward({ reward: [same.path, other.path], ...CPU }), "VOCABULARY_MISMATCH", message);
});

test("another choice is none", async () => {
  const tokenizers = "all" as "any";
  await expectError(() => load({ policy: policy.path, reward: other.path, tokenizers, ...CPU }), "OPTION_INVALID", /tokenizers must be/);
  await expectError(() => loadReward({ reward: other.path, tokenizers, ...CPU }), "OPTION_INVALID", /tokenizers must be/);
});

describe("loaded", () => {
  const reading = async (reward: string[], work: (decoder: Decoder) => Promise<void>): Promise<void> => {
    const decoder = await load({ policy: policy.path, reward, tokenizers: "any", ...CPU });
    try {
      await work(decoder);
    } finally {
      await decoder.dispose();
    }
  };

  test("they are told of once", async () => {
    await reading([same.path, other.path], async (decoder) => {
      await decoder.generate("a ship", { template: "none", maxTokens: 3 });
      await turn();
      const codes = warnings.map((warning) => (warning as NodeJS.ErrnoException).code);
      expect(codes.filter((code) => code === "ARGSEARCH_TOKENIZERS_DIFFER")).toHaveLength(1);
      expect(String(warnings[0])).toContain(`${other.path} has another tokenizer than ${policy.path}`);
    });
  });

  test("where all have one tokenizer there is nothing to tell", async () => {
    await reading([same.path], async () => {
      await turn();
      expect(warnings).toEqual([]);
    });
  });

  test.for<[options: GenerateOptions, message: RegExp]>([
    [{ gate: "predicted" }, /another tokenizer/],
    [{ gate: "predicted-only" }, /another tokenizer/],
    [{ lookahead: 4 }, /one step at a time; leave lookahead out/],
  ])("%o is refused", async ([options, message]) => {
    await reading([other.path], async (decoder) => {
      await expectError(() => decoder.generate("a ship", { template: "none", ...options }), "OPTION_INVALID", message);
      expect((await decoder.generate("a ship", { template: "none", maxTokens: 4, ending: "never" })).tokens).toHaveLength(4);
    });
  });

  test('lookahead "auto" looks at one step at a time', async () => {
    await reading([other.path], async (decoder) => {
      const options: GenerateOptions = { template: "none", maxTokens: 12, ending: "never" };
      const plain = await decoder.generate("a ship", options);
      const ahead = await decoder.generate("a ship", { ...options, lookahead: "auto" });
      expect(ahead.tokens).toEqual(plain.tokens);
      expect(ahead.lookahead.windows).toBe(0);
    });
  });
});
