import { invalid } from "../validate.js";

/** @throws ArgsearchError OPTION_INVALID */
export function grammarOfSchema(schema: unknown): string {
  throw invalid("jsonSchema", "left out", schema);
}
