/** Texts of flags and of standard input. */
import { text } from "node:stream/consumers";
import { ArgsearchError } from "../../index.js";

/** The value of a text flag; "-" is standard input, and so is a missing flag if something is piped in. */
export async function textOrPipe(flag: string | undefined, name: string): Promise<string> {
  return requiredText(flag === undefined && !process.stdin.isTTY ? "-" : flag, name);
}

/** The value of a text flag, which is not empty; "-" is standard input, without its last line end. */
export async function requiredText(flag: string | undefined, name: string): Promise<string> {
  if (flag === undefined) throw new ArgsearchError("OPTION_INVALID", `${name} is missing: give a text, or "-" to read standard input`);
  const value = flag === "-" ? (await text(process.stdin)).replace(/\r?\n$/, "") : flag;
  if (value !== "") return value;
  const code = name === "--prompt" ? "PROMPT_EMPTY" : "INPUT_INVALID";
  const empty =
    flag === "-" ? `standard input is empty: give a text with ${name}, or pipe one in` : `${name} is an empty text: give it one`;
  throw new ArgsearchError(code, empty);
}
