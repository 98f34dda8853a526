/** What a data format is, and how a line finds its own. */
import { type Fields, inputError } from "./fields.js";

export interface Format<T> {
  /** Whether a record looks like one of this format. Asked in the table's order: the first that matches reads it. */
  matches(fields: Fields): boolean;
  /** @throws ArgsearchError INPUT_INVALID */
  read(fields: Fields): T;
}

export type FormatTable<T> = Readonly<Record<string, Format<T>>>;

/** Reads a record by the format of that name, or by the first that matches it. @throws ArgsearchError INPUT_INVALID */
export function readFields<T>(fields: Fields, formats: FormatTable<T>, name: string): T {
  const format = name === "auto" ? Object.values(formats).find(({ matches }) => matches(fields)) : formats[name];
  if (format) return format.read(fields);
  const found = Object.keys(fields);
  throw inputError(`no known format has the fields ${found.length === 0 ? "of an empty object" : found.join(", ")}`);
}
