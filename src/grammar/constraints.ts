/** What one schema asks, in a form in which two can be joined: no references, no alternatives. */
import { ANY_ARRAY, ARRAY_KEYWORDS, type ArrayConstraints, bothArrays, readArrays } from "./arrays.js";
import type { Node, SchemaDocument } from "./document.js";
import { canonical, isArray, isObject, type Json } from "./json.js";
import type { Keywords } from "./keywords.js";
import { ANY_NUMBER, bothNumbers, isWithin, NUMBER_KEYWORDS, type NumberConstraints, readNumbers } from "./numbers.js";
import { ANY_OBJECT, bothObjects, OBJECT_KEYWORDS, type ObjectConstraints, readObjects } from "./objects.js";
import { schemaInvalid } from "./schema-error.js";
import { ANY_STRING, bothStrings, hasLength, readStrings, STRING_KEYWORDS, type StringConstraints } from "./strings.js";

export const KINDS = ["object", "array", "string", "number", "boolean", "null"] as const;
export type Kind = (typeof KINDS)[number];
const ALL_KINDS: ReadonlySet<Kind> = new Set(KINDS);

export interface Constraints {
  readonly place: string;
  /** Undefined: any. */
  readonly kinds: ReadonlySet<Kind> | undefined;
  /** Those that keywords speak of. */
  readonly spoken: ReadonlySet<Kind>;
  /** Of enum and const. */
  readonly values: readonly Json[] | undefined;
  readonly numbers: NumberConstraints;
  readonly strings: StringConstraints;
  readonly arrays: ArrayConstraints;
  readonly objects: ObjectConstraints;
  /** What must not be fulfilled: by oneOf the other alternatives, and by not. */
  readonly exclusions: readonly Constraints[];
  /** The schemas that these were joined from; none for "anything". The same sources make the same constraints. */
  readonly sources: ReadonlySet<number>;
}

export const ANYTHING: Constraints = {
  place: "#",
  kinds: undefined,
  spoken: new Set(),
  values: undefined,
  numbers: ANY_NUMBER,
  strings: ANY_STRING,
  arrays: ANY_ARRAY,
  objects: ANY_OBJECT,
  exclusions: [],
  sources: new Set(),
};

const SPEAKS: readonly (readonly [Kind, readonly string[]])[] = [
  ["number", NUMBER_KEYWORDS],
  ["string", STRING_KEYWORDS],
  ["array", ARRAY_KEYWORDS],
  ["object", OBJECT_KEYWORDS],
];

/** What the keywords of `node` itself ask, without those that lead to other schemas for the same value. */
export function ownConstraints(node: Node, keywords: Keywords, document: SchemaDocument): Constraints {
  const spoken = new Set(SPEAKS.flatMap(([kind, names]) => (keywords.has(...names) ? [kind] : [])));
  const values = valuesOf(keywords);
  if (!keywords.has("type") && values === undefined && spoken.size === 0) return ANYTHING;
  const { kinds, integer } = kindsOf(keywords);
  const numbers = readNumbers(keywords);
  return {
    place: node.place,
    kinds,
    spoken,
    values,
    numbers: { ...numbers, integer: numbers.integer || integer },
    strings: spoken.has("string") ? readStrings(keywords) : ANY_STRING,
    arrays: spoken.has("array") ? readArrays(keywords, document) : ANY_ARRAY,
    objects: spoken.has("object") ? readObjects(keywords, document) : ANY_OBJECT,
    exclusions: [],
    sources: new Set([node.id]),
  };
}

function kindsOf(keywords: Keywords): { kinds: ReadonlySet<Kind> | undefined; integer: boolean } {
  const type = keywords.get("type");
  if (type === undefined) return { kinds: undefined, integer: false };
  const names = isArray(type) ? type : [type];
  const kinds = names.map((name) => (name === "integer" ? "number" : KINDS.find((kind) => kind === name)));
  const known = kinds.filter((kind) => kind !== undefined);
  if (known.length < kinds.length || known.length === 0) {
    throw schemaInvalid(keywords.at("type"), `it must be one or several of ${KINDS.join(", ")} and integer`);
  }
  return { kinds: new Set(known), integer: names.includes("integer") && !names.includes("number") };
}

function valuesOf(keywords: Keywords): readonly Json[] | undefined {
  const constant = keywords.get("const");
  const listed = keywords.list("enum");
  const values = constant === undefined ? listed : listed === undefined ? [constant] : common([constant], listed);
  return values && [...new Map(values.map((value) => [canonical(value), value])).values()];
}

function common(a: readonly Json[], b: readonly Json[]): Json[] {
  const keys = new Set(b.map(canonical));
  return a.filter((value) => keys.has(canonical(value)));
}

/** Both at once; undefined where their kinds or values already have nothing in common. */
export function both(a: Constraints, b: Constraints): Constraints | undefined {
  const kinds = a.kinds && b.kinds ? new Set([...a.kinds].filter((kind) => b.kinds?.has(kind))) : (a.kinds ?? b.kinds);
  const values = a.values && b.values ? common(a.values, b.values) : (a.values ?? b.values);
  if (kinds?.size === 0 || values?.length === 0) return undefined;
  return {
    place: a.sources.size > 0 ? a.place : b.place,
    kinds,
    spoken: new Set([...a.spoken, ...b.spoken]),
    values,
    numbers: bothNumbers(a.numbers, b.numbers),
    strings: bothStrings(a.strings, b.strings),
    arrays: a.arrays === ANY_ARRAY ? b.arrays : b.arrays === ANY_ARRAY ? a.arrays : bothArrays(a.arrays, b.arrays),
    objects: a.objects === ANY_OBJECT ? b.objects : b.objects === ANY_OBJECT ? a.objects : bothObjects(a.objects, b.objects),
    exclusions: [...a.exclusions, ...b.exclusions],
    sources: new Set([...a.sources, ...b.sources]),
  };
}

/** What is written for these constraints: without a type, what their keywords speak of. */
export function writtenKinds({ kinds, values, spoken }: Constraints): ReadonlySet<Kind> {
  if (values !== undefined) return new Set(values.map(kindOf).filter((kind) => kinds?.has(kind) ?? true));
  return kinds ?? (spoken.size > 0 ? spoken : ALL_KINDS);
}

export function kindOf(value: Json): Kind {
  if (value === null) return "null";
  if (isArray(value)) return "array";
  if (isObject(value)) return "object";
  return typeof value as "string" | "number" | "boolean";
}

/** Whether a value fulfils these constraints; undefined where that would take a validator. */
export function holds(value: Json, constraints: Constraints): boolean | undefined {
  const { kinds, values, numbers, strings, spoken } = constraints;
  const kind = kindOf(value);
  if (kinds !== undefined && !kinds.has(kind)) return false;
  if (values !== undefined && common([value], values).length === 0) return false;
  if (typeof value === "number") return isWithin(value, numbers);
  if (typeof value === "string") {
    if (!hasLength(value, strings)) return false;
    return strings.patterns.length + strings.formats.length === 0 ? true : undefined;
  }
  return (kind === "array" || kind === "object") && spoken.has(kind) ? undefined : true;
}
