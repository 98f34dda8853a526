/** llama.cpp's failures are told apart by its words: the pinned engine must still say them. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { binding } from "../../src/engine/binding.js";
import { openEngine } from "../../src/engine/engine.js";
import { native } from "../../src/engine/native.js";
import { writeGguf } from "../helpers/gguf-writer.js";
import { modelFolder } from "../helpers/model-folder.js";
import { expectError } from "./expect-error.js";
import { tinyModel } from "./tiny-model.js";

const { dir } = openEngine({ engineDir: undefined, gpu: false });
const source = readFileSync(fileURLToPath(new URL("../../native/engine/failures.cc", import.meta.url)), "utf8");
const phrases = [...source.matchAll(/"([^"]+)"(?=, EngineFailure::k|[,}])/g)].map(([, words]) => words as string);
const folder = modelFolder();
const path = folder.write({ seed: 90 }).path;

test("the table is read", () => {
  expect(phrases).toContain("unknown model architecture");
  expect(phrases).toContain(": failed to load model");
  expect(phrases.length).toBeGreaterThan(7);
});

// Those of the C and C++ libraries are not; a full disk is provoked below, short memory in test/reliability.
test.each(phrases.filter((words) => words !== "iostream" && words !== "Cannot allocate memory"))('"%s" is in the engine', (words) => {
  const libraries = readdirSync(dir).filter((name) => /(^|lib)(llama|ggml)[.-]/.test(name));
  expect(libraries.some((name) => readFileSync(join(dir, name)).includes(words))).toBe(true);
});

test.skipIf(process.platform !== "linux")("a full disk", async () => {
  await expectError(() => native(() => binding().quantizeGguf(path, "/dev/full", "q8_0", 1)), "FILE_UNWRITABLE", /as q8_0: /);
});

test("an assertion", async () => {
  const { metadata, tensors } = tinyModel();
  const layers = join(path, "..", "layers.gguf");
  writeGguf(layers, { metadata: { ...metadata, "llama.block_count": { type: "u32", value: 600 } }, tensors });
  const convert = () => native(() => binding().quantizeGguf(layers, `${layers}.q8_0`, "q8_0", 1));
  await expectError(convert, "CONVERSION_FAILED", /as q8_0: .*GGML_ASSERT/);
});
