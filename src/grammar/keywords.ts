/** A schema's keywords, read by type; those that nobody here knows are refused. */
import { isArray, isObject, type Json, type JsonArray, type JsonObject } from "./json.js";
import { inside, schemaInvalid } from "./schema-error.js";

/** What says nothing about values, or is looked at only where $ref points to it. */
const ANNOTATIONS = new Set(
  "title description default example examples $schema $id id $anchor $comment deprecated readOnly writeOnly $defs definitions".split(" "),
);

/** Keywords that are obeyed. */
export const KEPT = new Set(
  [
    "type enum const $ref allOf anyOf oneOf not",
    "minLength maxLength pattern format minimum maximum exclusiveMinimum exclusiveMaximum multipleOf",
    "properties required additionalProperties items prefixItems additionalItems minItems maxItems uniqueItems",
  ].flatMap((line) => line.split(" ")),
);

const HELP: Readonly<Record<string, string>> = {
  patternProperties: "name the properties in properties, or allow any by additionalProperties",
  unevaluatedProperties: "use additionalProperties",
  unevaluatedItems: "use items beside prefixItems",
  propertyNames: "name the properties in properties",
  if: "write the cases as anyOf",
  dependentRequired: "write the cases as anyOf",
  dependentSchemas: "write the cases as anyOf",
  dependencies: "write the cases as anyOf",
  contains: "use items, or prefixItems",
  nullable: 'add "null" to type',
  $dynamicRef: "use $ref",
  $recursiveRef: "use $ref",
};

export class Keywords {
  readonly #schema: JsonObject;
  readonly place: string;

  constructor(schema: JsonObject, place: string) {
    this.#schema = schema;
    this.place = place;
    for (const name of Object.keys(schema)) {
      if (KEPT.has(name) || ANNOTATIONS.has(name) || name.startsWith("x-")) continue;
      const known = Object.hasOwn(HELP, name) ? `; ${HELP[name]}` : "; leave it out, and check the answer for it";
      throw schemaInvalid(this.at(name), `this keyword cannot be kept by a grammar${known}`);
    }
    if (place !== "#" && typeof schema.$id === "string") {
      throw schemaInvalid(
        this.at("$id"),
        "a document inside the document, whose references mean something else; put it into $defs without $id",
      );
    }
  }

  at(name: string): string {
    return inside(this.place, name);
  }

  get(name: string): Json | undefined {
    return this.#schema[name];
  }

  has(...names: readonly string[]): boolean {
    return names.some((name) => this.#schema[name] !== undefined);
  }

  /** A number of characters or items. */
  count(name: string): number | undefined {
    return this.#typed(name, "an integer from 0", (value): value is number => Number.isSafeInteger(value) && Number(value) >= 0);
  }

  number(name: string): number | undefined {
    return this.#typed(name, "a number", (value): value is number => typeof value === "number");
  }

  text(name: string): string | undefined {
    return this.#typed(name, "a string", (value): value is string => typeof value === "string");
  }

  flag(name: string): boolean | undefined {
    return this.#typed(name, "true or false", (value): value is boolean => typeof value === "boolean");
  }

  list(name: string): JsonArray | undefined {
    return this.#typed(name, "an array that is not empty", (value): value is JsonArray => isArray(value) && value.length > 0);
  }

  names(name: string): readonly string[] {
    const isNames = (value: Json): value is readonly string[] => isArray(value) && value.every((each) => typeof each === "string");
    return this.#typed(name, "an array of strings", isNames) ?? [];
  }

  members(name: string): readonly (readonly [string, Json])[] {
    return Object.entries(this.#typed(name, "an object", isObject) ?? {});
  }

  #typed<T extends Json>(name: string, expected: string, is: (value: Json) => value is T): T | undefined {
    const value = this.#schema[name];
    if (value === undefined) return undefined;
    if (!is(value)) throw schemaInvalid(this.at(name), `it must be ${expected}`);
    return value;
  }
}
