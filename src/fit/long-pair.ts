/**
 * Long readings from short answers: the last turns of a conversation as one, its questions asked at once and answered at once. What was
 * preferred as the last answer is preferred as the end of the whole.
 */
import type { PreferencePair } from "../data/pair-formats.js";
import { messagesOf, withMessages } from "../messages.js";
import type { ChatMessage } from "../types.js";

/** What stands between the turns that were joined. */
const BETWEEN = "\n\n";

/** An exchange before the last question. */
interface Exchange {
  question: string;
  answer: string;
}

/**
 * Joins as many turns as keep the preferred response within `most` tokens. Undefined where there are none: a prompt that is one
 * question, turns that are more than texts, or answers that are too long.
 */
export function longPair({ prompt, chosen, rejected }: PreferencePair, tokensOf: (text: string) => number, most: number) {
  const messages = messagesOf(prompt);
  const last = typeof messages === "string" ? undefined : textOf(messages.at(-1), "user");
  if (typeof messages === "string" || last === undefined || typeof chosen !== "string" || typeof rejected !== "string") return undefined;
  const joined: Exchange[] = [];
  for (let at = messages.length - 3; at >= 0; at -= 2) {
    const [question, answer] = [textOf(messages[at], "user"), textOf(messages[at + 1], "assistant")];
    if (question === undefined || answer === undefined) break;
    const answers = [answer, ...joined.map((each) => each.answer), chosen];
    if (tokensOf(answers.join(BETWEEN)) > most) break;
    joined.unshift({ question, answer });
  }
  if (joined.length === 0) return undefined;
  const content = [...joined.map(({ question }) => question), last].join(BETWEEN);
  const before = messages.slice(0, messages.length - 1 - 2 * joined.length);
  const behindOthers = (answer: string): string => [...joined.map((each) => each.answer), answer].join(BETWEEN);
  return {
    prompt: withMessages(prompt, [...before, { role: "user", content }]),
    chosen: behindOthers(chosen),
    rejected: behindOthers(rejected),
  };
}

/** The text of a message of that role which is nothing but a text. */
function textOf(message: ChatMessage | undefined, role: string): string | undefined {
  const { role: own, content, ...rest } = message ?? { role: "" };
  const plain = own === role && typeof content === "string" && content !== "" && Object.values(rest).every((value) => value == null);
  return plain ? content : undefined;
}
