/** What a schema asks of objects. */
import type { ItemRules, Nodes } from "./arrays.js";
import type { SchemaDocument } from "./document.js";
import { literal, sequence } from "./gbnf-text.js";
import type { Keywords } from "./keywords.js";
import { otherName } from "./other-names.js";
import { inside } from "./schema-error.js";

export interface ObjectConstraints {
  readonly properties: ReadonlyMap<string, Nodes>;
  readonly required: ReadonlySet<string>;
  /** Properties of other names; undefined where nothing is said of them. */
  readonly others: Nodes | undefined;
  readonly place: string;
}

export const ANY_OBJECT: ObjectConstraints = { properties: new Map(), required: new Set(), others: undefined, place: "#" };
export const OBJECT_KEYWORDS = ["properties", "required", "additionalProperties"];

export function readObjects(keywords: Keywords, document: SchemaDocument): ObjectConstraints {
  const others = keywords.get("additionalProperties");
  const place = keywords.at("properties");
  return {
    properties: new Map(keywords.members("properties").map(([name, json]) => [name, [document.node(json, inside(place, name))]])),
    required: new Set(keywords.names("required")),
    others: others === undefined ? undefined : [document.node(others, keywords.at("additionalProperties"))],
    place: keywords.place,
  };
}

export function bothObjects(a: ObjectConstraints, b: ObjectConstraints): ObjectConstraints {
  const names = new Set([...a.properties.keys(), ...b.properties.keys()]);
  return {
    properties: new Map(Array.from(names, (name) => [name, [...propertyOf(a, name), ...propertyOf(b, name)]])),
    required: new Set([...a.required, ...b.required]),
    others: a.others === undefined && b.others === undefined ? undefined : [...(a.others ?? []), ...(b.others ?? [])],
    place: a === ANY_OBJECT ? b.place : a.place,
  };
}

/** What a property of that name has to fulfil. */
export function propertyOf({ properties, others }: ObjectConstraints, name: string): Nodes {
  return properties.get(name) ?? others ?? [];
}

/** Whether an object written for these constraints may have a property of that name. */
export function mayWrite({ properties, required, others }: ObjectConstraints, name: string, possible: (nodes: Nodes) => boolean): boolean {
  if (properties.has(name)) return possible(properties.get(name) ?? []);
  return required.has(name) || writesOthers({ properties, required, others }, possible);
}

/** Where nothing is said of other properties, an object that names some, or demands some, has no others. */
function writesOthers({ properties, required, others }: Omit<ObjectConstraints, "place">, possible: (nodes: Nodes) => boolean): boolean {
  return others === undefined ? properties.size === 0 && required.size === 0 : possible(others);
}

/** A rule's body, or undefined where no object fits. */
export function objectBody(constraints: ObjectConstraints, items: ItemRules): string | undefined {
  const { rules, possible } = items;
  const { required, properties, place } = constraints;
  const names = [...properties.keys(), ...[...required].filter((name) => !properties.has(name))];
  const written = names.filter((name) => possible(propertyOf(constraints, name)));
  if (written.filter((name) => required.has(name)).length < required.size) return undefined;
  const others = writesOthers(constraints, possible);
  if (names.length === 0 && constraints.others === undefined) return rules.builtin("object");

  const space = rules.builtin("space");
  const members = written.map((name) => {
    const value = items.rule(propertyOf(constraints, name), name);
    return {
      required: required.has(name),
      rule: rules.add(`${name}-member`, `${literal(JSON.stringify(name))} ":" ${space} ${value}`, place),
    };
  });
  const other = others
    ? rules.add("other-member", `${otherName(names, place, rules)} ":" ${space} ${items.rule(constraints.others ?? [], "other")}`, place)
    : undefined;

  // Members in their order. `after`: what follows a member; `first`: what may be the first one.
  let after = other === undefined ? "" : `${rules.add("more", `"," ${space} ${other}`, place)}*`;
  let first = other === undefined ? [""] : [sequence(other, after), ""];
  for (let i = members.length - 1; i >= 0; i--) {
    const member = members[i];
    const begun = sequence(member.rule, after);
    first = member.required ? [begun] : [begun, ...first];
    if (i === 0) break;
    const next = rules.add("more", `"," ${space} ${member.rule}`, place);
    after = rules.add("rest", sequence(member.required ? next : `${next}?`, after), place);
  }
  const some = first.filter((each) => each !== "");
  if (some.length === 0) return `"{" ${space} "}"`;
  const all = `${rules.add("members", some.join(" | "), place)} ${space}`;
  return `"{" ${space} ${some.length < first.length ? `( ${all} )?` : all} "}"`;
}
