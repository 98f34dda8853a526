import { writeFileSync } from "node:fs";
import { test } from "vitest";
import { encodeGguf } from "../helpers/gguf-writer.js";
import { ggufContent, randomModel } from "../helpers/random-model.js";
test("one", () => {
  const model = randomModel({ seed: 5, layers: 2, embedding: 16, heads: 2, kvHeads: 1, feedForward: 16, contextLength: 64, labels: ["reward"] });
  const whole = encodeGguf(ggufContent(model));
  writeFileSync("/tmp/good.gguf", whole);
  whole.writeUInt8(25, 3111);
  writeFileSync("/tmp/segv.gguf", whole);
});
