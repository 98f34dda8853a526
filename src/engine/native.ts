import { ArgsearchError } from "../errors.js";

/** Runs one call of the native addon; what it throws, now or later, comes out as an ArgsearchError. */
export function native<T>(call: () => T): T {
  try {
    const value = call();
    return value instanceof Promise ? (value.catch(rethrow) as T) : value;
  } catch (error) {
    return rethrow(error);
  }
}

function rethrow(error: unknown): never {
  throw ArgsearchError.from(error);
}
