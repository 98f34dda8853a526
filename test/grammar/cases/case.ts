/** A schema, and values that it allows or forbids. */
export interface Case {
  title: string;
  schema: object | boolean;
  /** What the grammar has to accept. */
  valid: unknown[];
  /** What the schema forbids. */
  invalid: unknown[];
  /** What the schema allows and the grammar does not write. */
  unwritten?: unknown[];
}
