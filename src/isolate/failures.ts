/** What becomes of calls when their child does not do as it should. */
import { ArgsearchError } from "../errors.js";
import { essence, meaningOf } from "./last-words.js";

/** The `cause` of an ENGINE_DIED. */
export interface EngineDeath {
  /** The signal that ended the process, or "code N". */
  how: string;
  /** The end of what it wrote to standard error. */
  words: string;
}

export function engineDied(how: string, words: string, doing: "loading" | "working"): ArgsearchError {
  const cause: EngineDeath = { how, words };
  const said = words === "" ? "" : `. Its last words: ${essence(words)}`;
  const when = doing === "loading" ? "while it loaded" : "in the middle of this call; the next one starts another";
  return new ArgsearchError("ENGINE_DIED", `the isolated engine's process ended (${meaningOf(how)}) ${when}${said}`, { cause });
}

export function engineSilent(limitMs: number): ArgsearchError {
  const message = `the isolated engine's process gave no sign of life for ${limitMs / 1000} s and was ended; the next call starts another`;
  return new ArgsearchError("ENGINE_NOT_RESPONDING", message, { option: "isolate.respondWithinMs" });
}

export function unavailable(why: string): ArgsearchError {
  return new ArgsearchError("ISOLATION_UNAVAILABLE", `isolate: ${why}. Without isolate the same runs in this process`, {
    option: "isolate",
  });
}
