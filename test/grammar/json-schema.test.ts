import { Ajv } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { describe, expect, it } from "vitest";
import { checkGrammar } from "../../src/grammar/check-grammar.js";
import { grammarOfSchema } from "../../src/grammar/json-schema.js";
import { Gbnf } from "../helpers/gbnf.js";
import { Random } from "../helpers/random.js";
import { SCALARS } from "./cases/scalars.js";
import { STRUCTURES } from "./cases/structures.js";
import { randomSchema } from "./random-schema.js";

const ajv = addFormats.default(new Ajv2020({ strict: false, logger: false }));

describe("a grammar is that of its schema", () => {
  it.each([...SCALARS, ...STRUCTURES])("$title", ({ schema, valid, invalid, unwritten = [] }) => {
    const validate = ajv.compile(schema);
    const text = grammarOfSchema(schema);
    checkGrammar(text);
    const grammar = new Gbnf(text);
    for (const value of valid) {
      expect(validate(value), JSON.stringify(value)).toBe(true);
      for (const spelling of spellings(value)) expect(grammar.accepts(spelling), spelling).toBe(true);
    }
    for (const value of invalid) {
      expect(validate(value), JSON.stringify(value)).toBe(false);
      expect(grammar.accepts(JSON.stringify(value)), JSON.stringify(value)).toBe(false);
    }
    for (const value of unwritten) {
      expect(validate(value), JSON.stringify(value)).toBe(true);
      expect(grammar.accepts(JSON.stringify(value)), JSON.stringify(value)).toBe(false);
    }
    const random = new Random(7);
    for (let i = 0; i < 40; i++) expectFulfilled(grammar.random(random), validate);
  });

  it("also as draft 7 writes it", () => {
    const schema = {
      $schema: "http://json-schema.org/draft-07/schema#",
      definitions: { n: { type: "integer", minimum: 0 } },
      type: "array",
      items: [{ $ref: "#/definitions/n" }, { type: "string" }],
      additionalItems: { $ref: "#/definitions/n" },
      minItems: 2,
    };
    const validate = new Ajv({ strict: false }).compile(schema);
    const grammar = new Gbnf(grammarOfSchema(schema));
    expect(grammar.accepts('[1, "a", 3, 4]')).toBe(true);
    expect(grammar.accepts("[1]")).toBe(false);
    const random = new Random(3);
    for (let i = 0; i < 40; i++) expectFulfilled(grammar.random(random), validate);
  });

  it("for schemas at random, as ajv reads them", () => {
    const random = new Random(2027);
    let kept = 0;
    for (let i = 0; i < 250; i++) {
      const schema = randomSchema(random);
      const text = grammarOrRefusal(schema);
      if (text === undefined) continue;
      kept++;
      checkGrammar(text);
      const validate = ajv.compile(schema);
      const grammar = new Gbnf(text);
      for (let n = 0; n < 3; n++) expectFulfilled(grammar.random(random, 8), validate, schema);
    }
    expect(kept).toBeGreaterThan(100);
  });
});

describe("blanks end", () => {
  it("and there is none outside", () => {
    const grammar = new Gbnf(grammarOfSchema({ type: "array", items: { type: "integer" } }));
    expect(grammar.accepts(`[\n\n${" ".repeat(20)}1]`)).toBe(true);
    expect(grammar.accepts(`[\n${" ".repeat(21)}1]`)).toBe(false);
    expect(grammar.accepts("[  1]")).toBe(false);
    expect(grammar.accepts(" [1]")).toBe(false);
    expect(grammar.accepts("[1] ")).toBe(false);
  });

  it("and strings hold no control characters, nor halves of characters", () => {
    const grammar = new Gbnf(grammarOfSchema({ type: "string" }));
    for (const wrong of ["\n", "\u0000", "\u007f", "\\x41", "\\ud800", "\\uDC00", "\\", '"'])
      expect(grammar.accepts(`"${wrong}"`)).toBe(false);
    for (const right of ["\\u00e9", "\\ud7ff", "\\uE000", "\\n", '\\"', "\\\\"]) expect(grammar.accepts(`"${right}"`)).toBe(true);
  });
});

/** Compact, as Python writes it, and over several lines. */
function spellings(value: unknown): string[] {
  return [
    JSON.stringify(value),
    JSON.stringify(value, null, 1),
    JSON.stringify(value, null, 2)
      .replace(/\n */g, " ")
      .replace(/([[{]) ([\]}])/g, "$1$2"),
  ];
}

function expectFulfilled(text: string, validate: (value: unknown) => unknown, schema?: unknown): void {
  const fulfils = validate(JSON.parse(text));
  if (!fulfils) throw new Error(`${text} does not fulfil ${JSON.stringify(schema)}`);
  expect(fulfils).toBe(true);
}

function grammarOrRefusal(schema: unknown): string | undefined {
  try {
    return grammarOfSchema(schema);
  } catch (error) {
    expect(error).toMatchObject({ name: "ArgsearchError", code: "SCHEMA_INVALID", option: "jsonSchema" });
    return undefined;
  }
}
