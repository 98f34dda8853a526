import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import type { GenerateOptions } from "../../src/index.js";
import { ByteVocabulary } from "../helpers/byte-vocabulary.js";
import { modelFolder, withPair } from "../helpers/model-folder.js";

const folder = modelFolder();
/** Bytes above ASCII, drawn at random, would be no UTF-8, which llama.cpp's grammars read leniently. */
const vocabulary = new ByteVocabulary([10, ...Array.from({ length: 95 }, (_, index) => 32 + index)]);
/** What it draws is as good as random. */
const pair = folder.writePair(7, { vocabulary }, { vocabulary, embedding: 16, heads: 2 });
const ajv = new Ajv({ strict: false });

const SCHEMAS: Record<string, object> = {
  object: {
    type: "object",
    properties: { name: { type: "string", maxLength: 6 }, age: { type: "integer", minimum: 7, maximum: 120 } },
    required: ["name", "age"],
  },
  array: { type: "array", items: { enum: ["red", "green", 3, null] }, minItems: 1, maxItems: 4 },
  choice: { anyOf: [{ const: true }, { type: "number", minimum: -1.5, maximum: 2.25 }, { type: "string", pattern: "^[a-c]{2,3}$" }] },
  tree: {
    $ref: "#/$defs/t",
    $defs: { t: { type: "object", properties: { v: { type: "boolean" }, l: { $ref: "#/$defs/t" } }, required: ["v"] } },
  },
};

describe("what is decoded under a schema is JSON that it accepts", () => {
  it.for(Object.keys(SCHEMAS).flatMap((name) => (["sample", "args"] as const).map((method) => [name, method] as const)))(
    "%s, by method %s",
    async ([name, method]) => {
      const jsonSchema = SCHEMAS[name];
      const results = await withPair(pair, (decoder) => {
        const prompts = Array.from({ length: 4 }, (_, index) => `prompt ${index}`);
        const draws: GenerateOptions = { select: "stochastic", weight: 0.2, policyTemperature: 2 };
        const draw: GenerateOptions = method === "sample" ? { topK: 0, topP: 1 } : draws;
        return decoder.generateAll(prompts, { method, ...draw, seed: 5, template: "none", jsonSchema, maxTokens: 200 });
      });
      const ended = results.filter(({ finishReason }) => finishReason === "eog");
      expect(ended.length).toBeGreaterThan(1);
      for (const { text } of ended) expect(ajv.validate(jsonSchema, JSON.parse(text)), text).toBe(true);
    },
  );
});
