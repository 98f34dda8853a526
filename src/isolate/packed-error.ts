/** Errors on their way from one process to another. */
import { CAUSES, type ErrorJson, errorFromJson, errorToJson } from "../errors.js";

export interface PackedError extends ErrorJson {
  /** It is, or wraps, what a question of the child's failed with in the parent. */
  question?: number | undefined;
}

/** What a question is rejected with in the child, where it came from the parent. */
export class ParentError extends Error {
  readonly question: number;

  constructor(question: number) {
    super("the parent process could not answer");
    this.question = question;
  }
}

export function packError(error: unknown): PackedError {
  if (!(error instanceof Error)) return { name: "Error", message: String(error) };
  return { ...errorToJson(error, true), question: questionOf(error) };
}

function questionOf(error: unknown, depth = 0): number | undefined {
  if (error instanceof ParentError) return error.question;
  // An error may be its own cause.
  return error instanceof Error && depth < CAUSES ? questionOf(error.cause, depth + 1) : undefined;
}

/** An ArgsearchError for one, with the stack that it had in the other process. */
export function unpackError(error: PackedError): Error {
  return errorFromJson(error);
}
