/** What the judge has said, on disk: nothing is asked (and paid) twice. */
import { createHash } from "node:crypto";
import { KeyedLines } from "../../files/keyed-lines.js";
import type { JudgeMessage } from "./scheme.js";
import { spoken } from "./thought.js";

/** Replies by the question's digest. */
export type VerdictCache = KeyedLines<string>;

/** Without a path replies live as long as the object. @throws ArgsearchError FILE_UNREADABLE, FILE_UNWRITABLE */
export function openVerdicts(path: string | undefined): Promise<VerdictCache> {
  return KeyedLines.open(path, { field: "reply", accept: replyOf });
}

/** Older versions kept what broke off within a thought: that is asked again. */
function replyOf(value: unknown): string | undefined {
  return typeof value === "string" && spoken(value).text !== "" ? value : undefined;
}

/** A question to one model, in 64 hexadecimal digits. */
export function verdictKey(model: string, messages: readonly JudgeMessage[]): string {
  return createHash("sha256")
    .update(JSON.stringify([model, messages]))
    .digest("hex");
}
