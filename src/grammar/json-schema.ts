/** JSON schemas into grammars (GBNF), by which llama.cpp lets a model write nothing else. */
import { AlternativesOf } from "./alternatives.js";
import { arrayBody, type ItemRules, type Nodes } from "./arrays.js";
import { checkRules, readText } from "./check-grammar.js";
import { type Constraints, KINDS, type Kind, writtenKinds } from "./constraints.js";
import { Disjoint } from "./disjoint.js";
import { SchemaDocument } from "./document.js";
import { productive } from "./gbnf-analysis.js";
import { GrammarFault } from "./gbnf-reader.js";
import { jsonOf } from "./json.js";
import { numberBody } from "./numbers.js";
import { objectBody } from "./objects.js";
import { Rules } from "./rules.js";
import { schemaInvalid } from "./schema-error.js";
import { stringBody } from "./strings.js";
import { valuesBody } from "./values.js";

/**
 * A grammar, with the root rule `root`, all of whose texts are JSON that fulfils the schema. Not every value that fulfils it is such a text:
 * properties come in the schema's order; an object that names properties has no others unless additionalProperties says so; without minItems a
 * list of prefixItems is written whole; a schema without type whose keywords speak of some types is of those; numbers have up to 16 digits; blanks are
 * few. Keywords: docs/decoding.md.
 *
 * @param schema a JSON schema (2020-12 or draft 7), parsed: an object, true or false
 * @throws ArgsearchError SCHEMA_INVALID, with a JSON pointer to the place, for what is no schema, what nothing fulfils, what a grammar
 *   cannot keep and what llama.cpp could not carry
 */
export function grammarOfSchema(schema: unknown): string {
  return new Converter(new SchemaDocument(jsonOf(schema))).run();
}

class Converter implements ItemRules {
  readonly rules = new Rules();
  readonly possible: (nodes: Nodes) => boolean;
  readonly #document: SchemaDocument;
  readonly #alternatives: AlternativesOf;
  readonly #disjoint: Disjoint;
  /** Rules by the sources of their constraints. */
  readonly #names = new Map<string, string>();
  readonly #unwritten: { name: string; alternatives: readonly Constraints[]; place: string }[] = [];

  constructor(document: SchemaDocument) {
    this.#document = document;
    this.#alternatives = new AlternativesOf(document);
    this.#disjoint = new Disjoint(this.#alternatives);
    this.possible = this.#alternatives.possible;
  }

  run(): string {
    const { root } = this.#document;
    this.rules.define("root", this.rule([root], "document"));
    // A list instead of recursion: schemas may lead to each other for ever.
    for (let next = this.#unwritten.pop(); next !== undefined; next = this.#unwritten.pop()) {
      this.rules.define(next.name, this.#body(next.alternatives, next.place));
    }
    const text = this.rules.text();
    this.#check(text);
    return text;
  }

  rule(nodes: Nodes, hint: string): string {
    const alternatives = this.#alternatives.all(nodes);
    if (alternatives.some(({ sources, exclusions }) => sources.size === 0 && exclusions.length === 0)) return this.rules.builtin("value");
    for (const each of alternatives) this.#keepApart(each);
    const key = alternatives.map(({ sources }) => [...sources].sort((a, b) => a - b).join()).join(";");
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    const place = nodes[0]?.place ?? "#";
    const name = this.rules.reserve(hint, place);
    this.#names.set(key, name);
    this.#unwritten.push({ name, alternatives, place });
    return name;
  }

  #keepApart(constraints: Constraints): void {
    const other = constraints.exclusions.find((each) => !this.#disjoint.neverFulfils(constraints, each));
    if (other === undefined) return;
    throw schemaInvalid(
      constraints.place,
      `what is written here might fulfil ${other.place} as well, which oneOf or not forbids; use anyOf, or give each a required property with a const of its own`,
    );
  }

  #body(alternatives: readonly Constraints[], place: string): string {
    const bodies = alternatives.flatMap((constraints) => {
      const { values } = constraints;
      if (values !== undefined) return [valuesBody(values, constraints, this.rules)];
      const kinds = writtenKinds(constraints);
      return KINDS.filter((kind) => kinds.has(kind)).map((kind) => this.#bodyOf(kind, constraints));
    });
    const possible = bodies.filter((body) => body !== undefined);
    if (possible.length === 0) throw schemaInvalid(place, "no value can fulfil this; mend what contradicts itself");
    return [...new Set(possible)].join(" | ");
  }

  #bodyOf(kind: Kind, { numbers, strings, arrays, objects }: Constraints): string | undefined {
    switch (kind) {
      case "object":
        return objectBody(objects, this);
      case "array":
        return arrayBody(arrays, this);
      case "string":
        return stringBody(strings, this.rules);
      case "number":
        return numberBody(numbers, this.rules);
      default:
        return this.rules.builtin(kind);
    }
  }

  /** What llama.cpp would not carry, and what could never end. */
  #check(text: string): void {
    try {
      const { rules } = readText(text);
      checkRules(rules);
      const endless = productive(rules).indexOf(false);
      if (endless < 0) return;
      throw schemaInvalid(this.rules.placeOf(rules[endless].name), "a value here would never end; let something in it be left out");
    } catch (error) {
      if (!(error instanceof GrammarFault)) throw error;
      throw schemaInvalid("#", `its grammar is too large for llama.cpp: ${error.message}`, error);
    }
  }
}
