/** Schemas without $ref, allOf, anyOf, oneOf and not: a list of constraints, one of which a value has to fulfil. */
import type { Nodes } from "./arrays.js";
import { ANYTHING, both, type Constraints, ownConstraints } from "./constraints.js";
import type { Node, SchemaDocument } from "./document.js";
import { Keywords } from "./keywords.js";
import { inside, schemaInvalid } from "./schema-error.js";

/** Of one schema. */
const MAX_ALTERNATIVES = 500;
/** References and allOf inside each other, for one value. */
const MAX_DEPTH = 100;
/** Joins in the whole of a document. */
const MAX_JOINS = 200_000;

type Alternatives = readonly Constraints[];

export class AlternativesOf {
  readonly #document: SchemaDocument;
  readonly #known = new Map<Node, Alternatives>();
  /** Those being taken apart, outermost first. */
  readonly #open = new Set<Node>();
  #joins = 0;

  constructor(document: SchemaDocument) {
    this.#document = document;
  }

  /** Of all `nodes` at once; none where they contradict each other. */
  all(nodes: Nodes): Alternatives {
    if (nodes.length === 1) return this.one(nodes[0]);
    return this.#product(nodes.map((node) => [this.one(node), node.place] as const));
  }

  /** Whether anything fulfils all of `nodes`, as far as types and values tell. */
  readonly possible = (nodes: Nodes): boolean => this.all(nodes).length > 0;

  one(node: Node): Alternatives {
    const known = this.#known.get(node);
    if (known !== undefined) return known;
    if (this.#open.has(node))
      throw schemaInvalid(node.place, "this schema refers back to itself without a value in between; mend its $ref");
    if (this.#open.size >= MAX_DEPTH)
      throw schemaInvalid(node.place, `more than ${MAX_DEPTH} references and allOf after each other; join some`);
    this.#open.add(node);
    const found = this.#takeApart(node);
    this.#open.delete(node);
    this.#known.set(node, found);
    return found;
  }

  #takeApart(node: Node): Alternatives {
    if (typeof node.schema === "boolean") return node.schema ? [ANYTHING] : [];
    const keywords = new Keywords(node.schema, node.place);
    const parts: (readonly [Alternatives, string])[] = [[[ownConstraints(node, keywords, this.#document)], node.place]];
    const reference = keywords.text("$ref");
    if (reference !== undefined) {
      const place = keywords.at("$ref");
      parts.push([this.one(this.#document.resolve(reference, place)), place]);
    }
    for (const each of this.#nodes(keywords, "allOf")) parts.push([this.one(each), each.place]);
    const any = this.#nodes(keywords, "anyOf");
    if (any.length > 0)
      parts.push([
        this.#limited(
          any.flatMap((each) => this.one(each)),
          keywords.at("anyOf"),
        ),
        keywords.at("anyOf"),
      ]);
    const one = this.#nodes(keywords, "oneOf").map((each) => this.one(each));
    this.#limited(one.flat(), keywords.at("oneOf"));
    if (one.length > 0) parts.push([exactlyOne(one), keywords.at("oneOf")]);
    const not = keywords.get("not");
    if (not !== undefined) {
      const exclusions = this.one(this.#document.node(not, keywords.at("not")));
      parts.push([[{ ...ANYTHING, exclusions, sources: new Set([node.id]) }], keywords.at("not")]);
    }
    return this.#product(parts);
  }

  #nodes(keywords: Keywords, name: string): Node[] {
    return (keywords.list(name) ?? []).map((each, i) => this.#document.node(each, inside(keywords.at(name), i)));
  }

  #product(parts: readonly (readonly [Alternatives, string])[]): Alternatives {
    let product: Alternatives = [ANYTHING];
    for (const [alternatives, place] of parts) {
      this.#joins += product.length * alternatives.length;
      if (this.#joins > MAX_JOINS)
        throw schemaInvalid(place, "allOf and anyOf combine into too many cases in this document; write out fewer");
      const joined = product.flatMap((a) => alternatives.map((b) => (a === ANYTHING ? b : b === ANYTHING ? a : both(a, b))));
      product = this.#limited(
        joined.filter((each) => each !== undefined),
        place,
      );
    }
    return product;
  }

  #limited(alternatives: Alternatives, place: string): Alternatives {
    if (alternatives.length <= MAX_ALTERNATIVES) return alternatives;
    throw schemaInvalid(place, `this makes more than ${MAX_ALTERNATIVES} cases; write out fewer, or use enum for values`);
  }
}

/** Each alternative with all others excluded. */
function exactlyOne(alternatives: readonly Alternatives[]): Constraints[] {
  return alternatives.flatMap((each) => {
    const others = alternatives.filter((other) => other !== each).flat();
    return each.map((constraints) => ({ ...constraints, exclusions: [...constraints.exclusions, ...others] }));
  });
}
