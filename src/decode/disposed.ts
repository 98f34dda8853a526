import { ArgsearchError } from "../errors.js";

export function disposedError(): ArgsearchError {
  return new ArgsearchError("DISPOSED", "the decoder has been disposed of: load() another");
}
