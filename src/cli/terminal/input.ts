/** Texts of flags and of standard input. */
import { buffer } from "node:stream/consumers";
import { unreadable } from "../../files/file-errors.js";
import { decodeWhole } from "../../files/utf8.js";
import { ArgsearchError } from "../../index.js";

/** How the help tells of what becomes of lines. */
export const PASSED_ON = `a result has its "line", counted from 1, and the fields of that line; those with a result's name stand below "input"`;

const STANDARD_INPUT = "standard input";

/** The value of a text flag; "-" is standard input, and so is a missing flag if something is piped in. */
export async function textOrPipe(flag: string | undefined, name: string): Promise<string> {
  return requiredText(flag === undefined && !process.stdin.isTTY ? "-" : flag, name);
}

/** The value of a text flag, which is not empty; "-" is standard input, without its last line end. */
export async function requiredText(flag: string | undefined, name: string): Promise<string> {
  if (flag === undefined) throw new ArgsearchError("OPTION_INVALID", `${name} is missing: give a text, or "-" to read standard input`);
  const value = flag === "-" ? (await standardInput()).replace(/\r?\n$/, "") : flag;
  if (value !== "") return value;
  const code = name === "--prompt" ? "PROMPT_EMPTY" : "INPUT_INVALID";
  const empty =
    flag === "-" ? `standard input is empty: give a text with ${name}, or pipe one in` : `${name} is an empty text: give it one`;
  throw new ArgsearchError(code, empty);
}

/** @throws ArgsearchError NOT_A_FILE, FILE_UNREADABLE; INPUT_INVALID when it is not UTF-8 */
async function standardInput(): Promise<string> {
  const bytes = await buffer(process.stdin).catch((error: unknown) => {
    throw unreadable(error, STANDARD_INPUT);
  });
  return decodeWhole(bytes, STANDARD_INPUT);
}
