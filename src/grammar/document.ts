/** The schemas of one document, and what their $ref mean. */
import { isArray, isObject, type Json, type JsonObject } from "./json.js";
import { inside, schemaInvalid } from "./schema-error.js";

/** A schema and where it stands. There is one for each place of the document, so nodes may be compared. */
export interface Node {
  readonly id: number;
  readonly schema: JsonObject | boolean;
  readonly place: string;
}

export class SchemaDocument {
  readonly root: Node;
  readonly #nodes = new Map<Json, Node>();
  #count = 0;

  constructor(json: Json) {
    this.root = this.node(json, "#");
  }

  /** @throws ArgsearchError SCHEMA_INVALID where `json` is no schema */
  node(json: Json, place: string): Node {
    const known = this.#nodes.get(json);
    if (known !== undefined) return known;
    if (typeof json !== "boolean" && !isObject(json)) throw schemaInvalid(place, "a schema is an object, true or false");
    const node = { id: this.#count++, schema: json, place };
    if (typeof json !== "boolean") this.#nodes.set(json, node);
    return node;
  }

  /** What `reference`, at `place`, points to. */
  resolve(reference: string, place: string): Node {
    if (!/^#(?:\/|$)/.test(reference)) {
      throw schemaInvalid(
        place,
        `only references into this document can be kept ("#/$defs/name"), not ${JSON.stringify(reference.slice(0, 80))}`,
      );
    }
    let found: Json | undefined = this.root.schema;
    let target = "#";
    for (const step of reference.split("/").slice(1)) {
      const name = decoded(step, place).replaceAll("~1", "/").replaceAll("~0", "~");
      found = isArray(found) ? (/^\d+$/.test(name) ? found[Number(name)] : undefined) : isObject(found) ? found[name] : undefined;
      target = inside(target, name);
    }
    if (found === undefined) throw schemaInvalid(place, `nothing is at ${JSON.stringify(reference.slice(0, 80))}`);
    return this.node(found, target);
  }
}

function decoded(step: string, place: string): string {
  try {
    return decodeURIComponent(step);
  } catch (error) {
    throw schemaInvalid(place, "the reference has a % that is no escape", error);
  }
}
