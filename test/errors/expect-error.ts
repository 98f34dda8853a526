import { expect } from "vitest";
import { ArgsearchError, type ErrorCode } from "../../src/index.js";

/** Fails unless `work` fails with that code, in words that say what was wrong. */
export async function expectError(work: () => unknown, code: ErrorCode, message: RegExp | string): Promise<void> {
  const error = await failureOf(work);
  expect(error).toBeInstanceOf(ArgsearchError);
  expect(error).toMatchObject({
    code,
    message: typeof message === "string" ? expect.stringContaining(message) : expect.stringMatching(message),
  });
}

async function failureOf(work: () => unknown): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  return undefined;
}
