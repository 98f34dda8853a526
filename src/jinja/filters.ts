/** Filters by name. */
import { onlyAttributeOf } from "./access.js";
import { TemplateError } from "./errors.js";
import { type Filter, filter } from "./filter.js";
import { NUMBER_FILTERS } from "./number-filters.js";
import { selections } from "./selections.js";
import { SEQUENCE_FILTERS } from "./sequence-filters.js";
import { EMPTY } from "./text.js";
import { TEXT_FILTERS } from "./text-filters.js";
import { toJson } from "./to-json.js";
import { type Arguments, isTrue, Undefined, type Value } from "./values.js";

const DEFAULT = filter("default", ["default_value", "boolean"], (value, given) => {
  const missing = value instanceof Undefined || (isTrue(given.or("boolean", false)) && !isTrue(value));
  return missing ? given.or("default_value", EMPTY) : value;
});

const NAMED: ReadonlyMap<string, Filter> = new Map([
  DEFAULT,
  ["d", DEFAULT[1]],
  filter("attr", ["name"], (value, given) => onlyAttributeOf(value, given.text("name").value)),
  filter("tojson", ["ensure_ascii", "indent", "separators", "sort_keys"], toJson),
  ...TEXT_FILTERS,
  ...NUMBER_FILTERS,
  ...SEQUENCE_FILTERS,
  ...selections(applyFilter),
]);

/** value | name(...). @throws TemplateError for a filter that is not known */
export function applyFilter(name: string, value: Value, args: Arguments): Value {
  const known = NAMED.get(name);
  if (known === undefined) throw new TemplateError(`No filter named '${name}'.`);
  return known(value, args);
}

export function isFilter(name: string): boolean {
  return NAMED.has(name);
}
