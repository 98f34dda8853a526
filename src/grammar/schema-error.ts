import { ArgsearchError } from "../errors.js";

/** `place`: a JSON pointer into the schema, "#/properties/age/multipleOf"; `message` says what is wrong and what to do. */
export function schemaInvalid(place: string, message: string, cause?: unknown): ArgsearchError {
  const shown = place.length > 300 ? `${place.slice(0, 300)}…` : place;
  return new ArgsearchError("SCHEMA_INVALID", `jsonSchema, at ${shown}: ${message}`, { option: "jsonSchema", cause });
}

/** The place of `name` in what is at `place`. */
export function inside(place: string, name: string | number): string {
  return `${place}/${String(name).replaceAll("~", "~0").replaceAll("/", "~1")}`;
}
