import { Ajv } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { describe, expect, it } from "vitest";
import { checkGrammar } from "../../src/grammar/check-grammar.js";
import { grammarOfSchema } from "../../src/grammar/json-schema.js";
import { Gbnf } from "../helpers/gbnf.js";
import { Random } from "../helpers/random.js";
import { randomSchema } from "./random-schema.js";

interface Case {
  title: string;
  schema: object | boolean;
  /** What the grammar has to accept. */
  valid: unknown[];
  /** What the schema forbids. */
  invalid: unknown[];
  /** What the schema allows and the grammar does not write. */
  unwritten?: unknown[];
}

const address = { type: "object", properties: { street: { type: "string" }, number: { type: "integer" } }, required: ["street"] };

const CASES: Case[] = [
  {
    title: "anything",
    schema: {},
    valid: [null, true, -0.5, 1e21, 'é\n"\\/😀', [], {}, [[{ a: [1, "b"] }]], { "": { "\u2028": null } }],
    invalid: [],
  },
  { title: "true", schema: true, valid: [1, {}], invalid: [] },
  {
    title: "annotations alone",
    schema: { title: "t", description: "d", default: 3, examples: [1], $comment: "c", "x-order": 1 },
    valid: [1, "a"],
    invalid: [],
  },
  { title: "each type", schema: { type: ["null", "boolean"] }, valid: [null, true, false], invalid: [0, "", "null", [], {}] },
  { title: "strings", schema: { type: "string" }, valid: ["", "a", "\u0000\u001f", "漢😀", '\\"'], invalid: [1, null, ["a"]] },
  {
    title: "lengths in code points",
    schema: { type: "string", minLength: 2, maxLength: 3 },
    valid: ["ab", "😀😀", '\n\t"', "漢字漢"],
    invalid: ["", "a", "😀", "abcd"],
  },
  { title: "the empty string alone", schema: { type: "string", maxLength: 0 }, valid: [""], invalid: ["a"] },
  { title: "integers", schema: { type: "integer" }, valid: [0, -1, 9007199254740991], invalid: [0.5, "1", null] },
  { title: "integers by multipleOf", schema: { type: "number", multipleOf: 1 }, valid: [7], invalid: [7.5] },
  {
    title: "a range of integers",
    schema: { type: "integer", minimum: -105, exclusiveMaximum: 1203 },
    valid: [-105, -99, -1, 0, 9, 10, 999, 1000, 1199, 1202],
    invalid: [-106, 1203, 1300, -200, 2000, 0.5],
  },
  {
    title: "integers within broken bounds",
    schema: { type: "integer", exclusiveMinimum: 0.5, maximum: 3.7 },
    valid: [1, 2, 3],
    invalid: [0, 4, -1],
  },
  {
    title: "integers from a bound on",
    schema: { type: "integer", minimum: 37 },
    valid: [37, 40, 99, 100, 123456789012345],
    invalid: [36, 7, 0, -40],
  },
  {
    title: "integers up to a bound",
    schema: { type: "integer", maximum: -20 },
    valid: [-20, -21, -99, -100, -12345],
    invalid: [-19, -2, 0, 20],
  },
  { title: "numbers", schema: { type: "number" }, valid: [0, -0.25, 1e21, 1e-7, 123456.789], invalid: ["1", null] },
  {
    title: "a range of numbers",
    schema: { type: "number", minimum: -1.5, exclusiveMaximum: 3.25 },
    valid: [-1.5, -1.499, -1, -0.001, 0, 0.5, 3, 3.2, 3.249],
    invalid: [-1.501, -2, 3.25, 3.3, 4],
  },
  { title: "a probability", schema: { type: "number", minimum: 0, maximum: 1 }, valid: [0, 1, 0.5, 0.001], invalid: [-0.1, 1.0001, 2, -1] },
  { title: "more than nothing", schema: { type: "number", exclusiveMinimum: 0 }, valid: [0.001, 1, 123.5], invalid: [0, -1, -0.001] },
  {
    title: "between close bounds",
    schema: { type: "number", exclusiveMinimum: 0.25, exclusiveMaximum: 0.375 },
    valid: [0.26, 0.3, 0.374],
    invalid: [0.25, 0.375, 0.2, 0.4, 1, -0.3],
  },
  {
    title: "negative numbers",
    schema: { type: "number", minimum: -10.5, maximum: -2 },
    valid: [-10.5, -2, -9.99, -10],
    invalid: [-1.99, -10.51, 5, 0],
  },
  {
    title: "enum",
    schema: { enum: ["a", "b\n", 3, null, { x: [1, {}] }, []] },
    valid: ["a", "b\n", 3, null, { x: [1, {}] }, []],
    invalid: ["c", 4, {}, { x: [1] }],
  },
  {
    title: "enum and type",
    schema: { type: ["string", "null"], enum: ["a", 3, null], maxLength: 5 },
    valid: ["a", null],
    invalid: [3, "b"],
  },
  {
    title: "const",
    schema: { const: { "a b": [true, -1.5, "\u2028"] } },
    valid: [{ "a b": [true, -1.5, "\u2028"] }],
    invalid: [{ "a b": [] }],
  },
  {
    title: "dates",
    schema: { type: "string", format: "date" },
    valid: ["2024-02-29", "2000-02-29", "1999-12-31", "2023-04-30"],
    invalid: ["2023-02-29", "1900-02-29", "2023-04-31", "2023-13-01", "2023-1-1", ""],
  },
  {
    title: "times",
    schema: { type: "string", format: "time" },
    valid: ["00:00:00Z", "23:59:59.123+05:30"],
    invalid: ["24:00:00Z", "12:60:00Z", "12:00"],
  },
  {
    title: "moments",
    schema: { type: "string", format: "date-time" },
    valid: ["2024-02-29T12:00:00Z"],
    invalid: ["2024-02-30T12:00:00Z", "2024-02-29"],
  },
  {
    title: "identifiers",
    schema: { type: "string", format: "uuid" },
    valid: ["123e4567-E89B-12d3-a456-426614174000"],
    invalid: ["123e4567", ""],
  },
  { title: "addresses", schema: { type: "string", format: "ipv4" }, valid: ["0.0.0.0", "255.249.199.10"], invalid: ["256.1.1.1", "1.2.3"] },
  {
    title: "a pattern",
    schema: { type: "string", pattern: "^(?:\\d{3}-)?[A-Z][\\w.-]*\\$$" },
    valid: ["A$", "123-Bc.d-e_$"],
    invalid: ["a$", "12-A$", "A", "A$ "],
  },
  { title: "a pattern anywhere", schema: { type: "string", pattern: "b+c|^x" }, valid: ["abbc!", "bc", "xyz"], invalid: ["ab", "ax", ""] },
  {
    title: "a pattern with what JSON escapes",
    schema: { type: "string", pattern: '^["\\\\\\n]+[^a\\t]$' },
    valid: ['"\\\nb', '"\u0001', '""', "\\\u2028"],
    invalid: ['"a', '"\t', "b"],
  },
  {
    title: "a pattern beyond 16 bits",
    schema: { type: "string", pattern: "^\\u{1F600}[\\ud83d\\ude00-\\u{1F64F}].$" },
    valid: ["😀😂x"],
    invalid: ["😀x", "x"],
  },
  { title: "an empty pattern", schema: { type: "string", pattern: "^(a|)()b{0}$" }, valid: ["", "a"], invalid: ["b"] },
  { title: "objects", schema: { type: "object" }, valid: [{}, { a: 1, b: { c: [] } }], invalid: [[], null, 1] },
  {
    title: "properties in their order",
    schema: { type: "object", properties: { a: { type: "integer" }, b: { type: "string" }, c: { type: "null" } }, required: ["b"] },
    valid: [{ b: "x" }, { a: 1, b: "x" }, { b: "x", c: null }, { a: 1, b: "x", c: null }],
    invalid: [{}, { a: 1 }, { a: "1", b: "x" }, { b: 1 }],
    unwritten: [
      { b: "x", a: 1 },
      { b: "x", d: 1 },
    ],
  },
  {
    title: "optional properties alone",
    schema: { properties: { a: { type: "integer" }, b: {}, c: {} } },
    valid: [{}, { a: 1 }, { b: 1 }, { c: 1 }, { a: 1, c: 2 }, { b: 1, c: 2 }],
    invalid: [{ a: "x" }],
    unwritten: [3],
  },
  {
    title: "other properties",
    schema: {
      type: "object",
      properties: { ab: { type: "integer" }, abc: {}, 'q"': {} },
      required: ["ab"],
      additionalProperties: { type: "boolean" },
    },
    valid: [{ ab: 1 }, { ab: 1, abc: "x", a: true, abcd: false, "": true, x: true }],
    invalid: [{ a: true }, { ab: true }, { ab: 1, abd: 1 }],
  },
  {
    title: "maps",
    schema: { type: "object", additionalProperties: { type: "integer" } },
    valid: [{}, { a: 1, 'b"\n': 2 }],
    invalid: [{ a: "x" }],
  },
  {
    title: "no other properties",
    schema: { type: "object", properties: { a: {} }, additionalProperties: false },
    valid: [{}, { a: [] }],
    invalid: [{ b: 1 }],
  },
  { title: "the empty object", schema: { type: "object", additionalProperties: false }, valid: [{}], invalid: [{ a: 1 }] },
  {
    title: "required without a schema",
    schema: { type: "object", required: ["a", "__proto__"], properties: { b: {} } },
    valid: [JSON.parse('{"a":1,"__proto__":2}')],
    invalid: [{ b: 1 }],
  },
  { title: "arrays", schema: { type: "array" }, valid: [[], [1, "a", [null]]], invalid: [{}, null] },
  {
    title: "items",
    schema: { items: { type: "integer" }, minItems: 1, maxItems: 3 },
    valid: [[1], [1, 2], [1, 2, 3]],
    invalid: [[], [1, 2, 3, 4], ["a"]],
  },
  {
    title: "two items at least",
    schema: { type: "array", items: address, minItems: 2 },
    valid: [[{ street: "a" }, { street: "b", number: 3 }]],
    invalid: [[], [{ street: "a" }], [{}, {}]],
  },
  {
    title: "a tuple",
    schema: { type: "array", prefixItems: [{ type: "string" }, { type: "integer" }] },
    valid: [["a", 1]],
    invalid: [[1, "a"]],
    unwritten: [[], ["a"], ["a", 1, 2]],
  },
  {
    title: "a tuple and more",
    schema: { prefixItems: [{ type: "string" }, { type: "integer" }], items: { type: "null" }, minItems: 1, maxItems: 4 },
    valid: [["a"], ["a", 1], ["a", 1, null], ["a", 1, null, null]],
    invalid: [[], ["a", null], ["a", 1, 2], ["a", 1, null, null, null]],
  },
  { title: "no items", schema: { type: "array", items: false }, valid: [[]], invalid: [[1]] },
  {
    title: "anyOf",
    schema: { anyOf: [{ type: "integer" }, { type: "string", maxLength: 2 }, address] },
    valid: [1, "ab", { street: "x" }],
    invalid: [1.5, "abc", { number: 1 }, null],
  },
  {
    title: "anyOf beside other keywords",
    schema: { type: "object", properties: { a: {}, b: {} }, anyOf: [{ required: ["a"] }, { required: ["b"] }] },
    valid: [{ a: 1 }, { b: 1 }, { a: 1, b: 2 }],
    invalid: [{}],
  },
  {
    title: "allOf",
    schema: { allOf: [address, { properties: { zip: { type: "string" }, number: { minimum: 3 } }, required: ["zip"] }] },
    valid: [
      { street: "x", number: 3, zip: "y" },
      { street: "x", zip: "y" },
    ],
    invalid: [{ street: "x" }, { street: "x", number: 2, zip: "y" }],
  },
  {
    title: "allOf and closed objects",
    schema: { allOf: [{ properties: { a: {} }, additionalProperties: false }, { properties: { b: {} } }] },
    valid: [{}, { a: 1 }],
    invalid: [{ b: 1 }],
  },
  {
    title: "oneOf of types",
    schema: { oneOf: [{ type: "string" }, { type: "integer" }, { type: "null" }] },
    valid: ["a", 1, null],
    invalid: [true, 1.5],
  },
  {
    title: "oneOf with a property that tells",
    schema: {
      oneOf: ["cat", "dog"].map((kind) => ({
        type: "object",
        properties: { kind: { const: kind }, [kind]: { type: "integer" } },
        required: ["kind", kind],
      })),
    },
    valid: [
      { kind: "cat", cat: 1 },
      { kind: "dog", dog: 2 },
    ],
    invalid: [{ kind: "cat", dog: 1 }, { kind: "cow" }],
  },
  {
    title: "oneOf by what is required",
    schema: {
      type: "object",
      oneOf: [
        { properties: { a: {} }, required: ["a"] },
        { properties: { b: {} }, required: ["b"] },
      ],
    },
    valid: [{ a: 1 }, { b: 1 }],
    invalid: [{}, { a: 1, b: 1 }],
  },
  { title: "not", schema: { type: ["string", "null"], not: { type: "number" } }, valid: ["a", null], invalid: [1] },
  {
    title: "recursion",
    schema: {
      $ref: "#/$defs/tree",
      $defs: {
        tree: {
          type: "object",
          properties: { value: { type: "integer" }, children: { type: "array", items: { $ref: "#/$defs/tree" } } },
          required: ["value"],
        },
      },
    },
    valid: [{ value: 1 }, { value: 1, children: [{ value: 2, children: [{ value: 3 }] }, { value: 4 }] }],
    invalid: [{ value: 1, children: [{}] }],
  },
  {
    title: "recursion by the root, and names with signs",
    schema: { type: "object", properties: { "a/b~c %": { $ref: "#" }, d: { $ref: "#/properties/a~1b~0c%20%25" } } },
    valid: [{}, { "a/b~c %": { d: {} } }],
    invalid: [{ d: 1 }],
  },
  {
    title: "$ref beside other keywords",
    schema: { $ref: "#/$defs/n", minimum: 5, $defs: { n: { type: "integer", maximum: 7 } } },
    valid: [5, 6, 7],
    invalid: [4, 8, 5.5],
  },
  {
    title: "allOf of recursive schemas",
    schema: {
      $defs: {
        a: { type: "object", properties: { n: { $ref: "#/$defs/a" }, x: { type: "number" } } },
        b: { type: "object", properties: { n: { $ref: "#/$defs/b" }, x: { minimum: 3 } } },
      },
      allOf: [{ $ref: "#/$defs/a" }, { $ref: "#/$defs/b" }],
    },
    valid: [{}, { n: { n: { x: 3 } } }],
    invalid: [{ n: { x: 2 } }, { x: "a" }],
  },
];

const ajv = addFormats.default(new Ajv2020({ strict: false, logger: false }));

describe("a grammar is that of its schema", () => {
  it.each(CASES)("$title", ({ schema, valid, invalid, unwritten = [] }) => {
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
