/** Objects, arrays, schemas made of others. */
import type { Case } from "./case.js";

const address = { type: "object", properties: { street: { type: "string" }, number: { type: "integer" } }, required: ["street"] };

export const STRUCTURES: Case[] = [
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
