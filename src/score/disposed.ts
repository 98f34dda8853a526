import { ArgsearchError } from "../errors.js";

export function disposedError(): ArgsearchError {
  return new ArgsearchError("DISPOSED", "the reward model has been disposed of: loadReward() another");
}
