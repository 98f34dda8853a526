import { describe, expect, it } from "vitest";
import { grammarOfSchema } from "../../src/grammar/json-schema.js";

/** The place that the error names. */
function refusedAt(schema: unknown): string {
  try {
    grammarOfSchema(schema);
  } catch (error) {
    expect(error).toMatchObject({ name: "ArgsearchError", code: "SCHEMA_INVALID", option: "jsonSchema" });
    return /^jsonSchema, at (.*?): ./su.exec((error as Error).message)?.[1] ?? "";
  }
  throw new Error("it was kept");
}

const string = { type: "string" };
const integer = { type: "integer" };

describe("what a grammar cannot keep is refused where it stands", () => {
  it.each<[string, unknown]>([
    ["#/properties/age/multipleOf", { properties: { age: { type: "integer", multipleOf: 5 } } }],
    ["#/patternProperties", { type: "object", patternProperties: { "^a": {} } }],
    ["#/items/uniqueItems", { items: { type: "array", uniqueItems: true } }],
    ["#/minProperties", { type: "object", minProperties: 1 }],
    ["#/propertyNames", { type: "object", propertyNames: string }],
    ["#/if", { if: {}, [`${"the"}n`]: {} }],
    ["#/contains", { type: "array", contains: {} }],
    ["#/nullable", { type: "string", nullable: true }],
    ["#/whatever", { whatever: 1 }],
    ["#/properties/a/$ref", { properties: { a: { $ref: "https://example.com/schema.json" } } }],
    ["#/$ref", { $ref: "other.json#/a" }],
    ["#/$ref", { $ref: "#/$defs/none" }],
    ["#/$ref", { $ref: "#anchor" }],
    ["#/$ref", { $ref: "#/%" }],
    ["#/$ref", { $ref: "#/__proto__/toString" }],
    ["#/items/$id", { items: { $id: "x" } }],
    ["#/format", { type: "string", format: "email" }],
    ["#/format", { type: "string", format: "constructor" }],
    ["#/pattern", { type: "string", pattern: "(" }],
    ["#/pattern", { type: "string", pattern: "^(?=a)" }],
    ["#/pattern", { type: "string", pattern: "^(?<!a)b$" }],
    ["#/pattern", { type: "string", pattern: "^(a)\\1$" }],
    ["#/pattern", { type: "string", pattern: "\\bword" }],
    ["#/pattern", { type: "string", pattern: "^\\p{L}+$" }],
    ["#/pattern", { type: "string", pattern: "^a(^b)" }],
    ["#/pattern", { type: "string", pattern: "^(a$|b)" }],
    ["#/pattern", { type: "string", pattern: "^a$b" }],
    ["#/pattern", { type: "string", pattern: "^(a*)*$" }],
    ["#/pattern", { type: "string", pattern: "^[^\\s\\S]$" }],
    ["#/pattern", { type: "string", pattern: "^a{2000}$" }],
    ["#/pattern", { type: "string", pattern: `^${"a".repeat(3000)}$` }],
    ["#/pattern", { type: "string", pattern: `^${"(".repeat(60)}a${")".repeat(60)}$` }],
    ["#/maxLength", { type: "string", pattern: "^a+$", maxLength: 3 }],
    ["#/allOf/1/pattern", { type: "string", allOf: [{ pattern: "^a" }, { pattern: "b$" }] }],
    ["#", { enum: ["a", "b"], pattern: "a" }],
    ["#/exclusiveMinimum", { type: "integer", exclusiveMinimum: 2 ** 53 }],
    ["#/minimum", { type: "number", minimum: 0.1234567890123456 }],
    ["#/maximum", { type: "number", maximum: 1e30 }],
    ["#/anyOf/0/oneOf/0", { anyOf: [{ oneOf: [string, { minLength: 1, type: "string" }] }] }],
    ["#/oneOf/0", { oneOf: [integer, { type: "number" }] }],
    ["#/oneOf/0", { oneOf: [{ properties: { a: {} } }, { properties: { b: {} } }] }],
  ])("%s (%#)", (place, schema) => expect(refusedAt(schema)).toBe(place));

  it("also where a sibling opens what oneOf keeps apart", () => {
    const schema = { type: "object", properties: { a: {}, b: {} }, oneOf: [{ required: ["a"] }, { required: ["b"] }] };
    expect(refusedAt(schema)).toBe("#");
  });
});

describe("what is no schema, or can never be fulfilled", () => {
  it.each<[string, unknown]>([
    ["#", null],
    ["#", "{}"],
    ["#", []],
    ["#", undefined],
    ["#", () => 1],
    ["#", 10n],
    ["#/minimum", { minimum: Number.NaN }],
    ["#/items", { items: 3 }],
    ["#/type", { type: "strng" }],
    ["#/type", { type: [] }],
    ["#/enum", { enum: [] }],
    ["#/required", { required: [1] }],
    ["#/minLength", { minLength: -1 }],
    ["#/maxItems", { maxItems: 1.5 }],
    ["#/properties", { properties: [] }],
    ["#/pattern", { type: "string", pattern: 3 }],
    ["#", false],
    ["#", { type: "string", minLength: 3, maxLength: 2 }],
    ["#", { type: "integer", minimum: 0.2, maximum: 0.8 }],
    ["#", { type: "number", minimum: 1, exclusiveMaximum: 1 }],
    ["#", { type: "object", properties: { a: false }, required: ["a"] }],
    ["#", { type: "object", required: ["a"], additionalProperties: false }],
    ["#", { type: "string", enum: [1, 2] }],
    ["#", { allOf: [string, integer] }],
    ["#", { type: "array", items: false, minItems: 1 }],
  ])("%s (%#)", (place, schema) => expect(refusedAt(schema)).toBe(place));
});

describe("what would not end, or not fit", () => {
  const nested = (levels: number) => {
    let schema: unknown = integer;
    for (let i = 0; i < levels; i++) schema = { type: "array", items: schema };
    return schema;
  };
  const chain = (length: number, link: (next: string) => unknown) => ({
    $ref: "#/$defs/0",
    $defs: Object.fromEntries(Array.from({ length }, (_, i) => [String(i), link(`#/$defs/${i + 1}`)])),
  });

  it.each<[string, unknown]>([
    ["10,000 schemas inside each other", nested(10_000)],
    ["an object that holds itself", selfReference()],
    ["$ref to itself", { $ref: "#" }],
    ["$ref in a circle", { $ref: "#/$defs/a", $defs: { a: { $ref: "#/$defs/b" }, b: { anyOf: [string, { $ref: "#/$defs/a" }] } } }],
    ["a chain of references", chain(10_000, (next) => ({ $ref: next }))],
    ["a value without end", { type: "object", properties: { a: { $ref: "#" } }, required: ["a"] }],
    [
      "an endless branch",
      { properties: { a: { $ref: "#/$defs/a" } }, $defs: { a: { type: "array", items: { $ref: "#/$defs/a" }, minItems: 1 } } },
    ],
    ["a long maxLength", { type: "string", maxLength: 1e9 }],
    ["a long minLength", { type: "string", minLength: 2000 }],
    ["many items", { type: "array", minItems: 1e15 }],
    ["many values", { enum: Array.from({ length: 100_001 }, (_, i) => i) }],
    ["long values", { enum: Array.from({ length: 300 }, (_, i) => "x".repeat(5000) + i) }],
    ["many beginnings", { enum: Array.from({ length: 20_000 }, (_, i) => i) }],
    ["many optional properties", { properties: Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`p${i}`, {}])) }],
    [
      "cases that multiply",
      { allOf: Array.from({ length: 30 }, (_, i) => ({ anyOf: [{ required: [`a${i}`] }, { required: [`b${i}`] }] })) },
    ],
    [
      "cases that double",
      chain(60, (next) => ({
        anyOf: [
          { $ref: next, minLength: 1 },
          { $ref: next, maxLength: 5 },
        ],
      })),
    ],
    [
      "many comparisons",
      { oneOf: Array.from({ length: 400 }, () => ({ type: "object", required: Array.from({ length: 100 }, (_, i) => `a${i}`) })) },
    ],
    ["many alternatives of oneOf", { oneOf: Array.from({ length: 5000 }, (_, i) => ({ const: i })) }],
  ])("%s", (_, schema) => {
    expect(refusedAt(schema)).toMatch(/^#/);
  });

  it("but long chains of values are kept", () => {
    const { $defs, ...rest } = chain(1500, (next) => ({ type: "object", properties: { next: { $ref: next } } }));
    expect(grammarOfSchema({ ...rest, $defs: { ...$defs, "1500": string } })).toContain("root ::= ");
  });

  it("as are hundreds of cases that differ", () => {
    const tagged = (i: number) => ({ type: "object", properties: { tag: { const: `t${i}` }, value: {} }, required: ["tag"] });
    expect(grammarOfSchema({ oneOf: Array.from({ length: 150 }, (_, i) => tagged(i)) })).toContain("root ::= ");
  });

  it("as are hundreds of properties", () => {
    const names = Array.from({ length: 400 }, (_, i) => `property-${i}`);
    const properties = Object.fromEntries(names.map((name) => [name, integer]));
    expect(grammarOfSchema({ properties, required: names.slice(0, 200), additionalProperties: true })).toContain("root ::= ");
  });
});

function selfReference(): object {
  const schema: Record<string, unknown> = { type: "array" };
  schema.items = schema;
  return schema;
}
