/** Errors on their way from one process to another. */
import { ArgsearchError, ERROR_CODES, type ErrorCode } from "../errors.js";

export interface PackedError {
  name: string;
  message: string;
  stack?: string | undefined;
  /** A string, where it has one. */
  code?: string | undefined;
  option?: string | undefined;
  cause?: PackedError | undefined;
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

/** Causes of causes that are carried over. */
const DEPTH = 8;

export function packError(error: unknown, depth = 0): PackedError {
  if (!(error instanceof Error)) return { name: "Error", message: String(error) };
  const { name, message, stack, cause } = error;
  const { code, option } = error as { code?: unknown; option?: unknown };
  const packedCause = cause === undefined || depth === DEPTH ? undefined : packError(cause, depth + 1);
  return {
    name,
    message,
    stack,
    code: typeof code === "string" ? code : undefined,
    option: typeof option === "string" ? option : undefined,
    cause: packedCause,
    question: error instanceof ParentError ? error.question : packedCause?.question,
  };
}

/** An ArgsearchError for one, with the stack that it had in the other process. */
export function unpackError({ name, message, stack, code, option, cause }: PackedError): Error {
  const details = cause === undefined ? {} : { cause: unpackError(cause) };
  const known = name === "ArgsearchError" && ERROR_CODES.includes(code as ErrorCode);
  const error = known ? new ArgsearchError(code as ErrorCode, message, { ...details, option }) : new Error(message, details);
  if (!known) Object.assign(error, name !== "Error" && { name }, code !== undefined && { code });
  if (stack !== undefined) error.stack = stack;
  return error;
}
