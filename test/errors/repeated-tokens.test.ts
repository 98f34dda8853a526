/** A token that stands twice in a vocabulary fails an assertion of llama.cpp's, which on Windows ends the process. */
import { expect, test } from "vitest";
import { architectureModel } from "../helpers/architectures.js";
import { encodeGguf, type GgufValue } from "../helpers/gguf-writer.js";
import { probe } from "./probe.js";

const { metadata, tensors } = architectureModel("a sliding window", 1);
const key = "tokenizer.ggml.tokens";
const { type, value } = metadata[key] as Extract<GgufValue, { type: "string[]" }>;
const withTokens = (name: string, tokens: readonly string[]) => ({
  name,
  bytes: encodeGguf({ metadata: { ...metadata, [key]: { type, value: tokens } }, tensors }),
});

test("is told before llama.cpp sees it", async () => {
  const last = value.length - 1;
  const [twice] = await probe([withTokens("twice", value.with(last, value[5] as string))]);
  expect(twice?.uses.pair).toMatch(new RegExp(`^MODEL_INVALID: .* is damaged: its vocabulary has the token ${last} twice\\.`));
});

test("empty ones may be many: llama.cpp gives them names", async () => {
  const [empty] = await probe([withTokens("empty", value.with(-1, "").with(-2, ""))]);
  expect(empty?.uses.pair).toBe("works");
});
