/** Prompts to be answered, whatever is recorded with them. */
import { messageFault } from "../messages.js";
import type { ChatMessage, Prompt } from "../types.js";
import { inContext } from "./context.js";
import { sameMessages, withoutAnswer } from "./conversation.js";
import { type Fields, inputError, messagesField, promptField, textField, wellFormed } from "./fields.js";
import type { Format } from "./format.js";
import { PAIR_FORMATS, withPrompt } from "./pair-formats.js";
import { promptOf, repeating, type Written } from "./repeated.js";
import { notEmpty } from "./text-formats.js";
import { isTranscript, parseTranscript } from "./transcript.js";

/**
 * `prompt` (a text, a transcript or messages), `messages`, or those of pairs. An answer that is recorded with them, and what else a record
 * has, is left aside; an empty prompt, too, where another field holds one.
 */
export const PROMPT_FORMATS = {
  shp: {
    matches: (fields) => "human_ref_A" in fields || "human_ref_B" in fields,
    read: (fields) => toBeAnswered(fields, textField(fields, "history")),
  },
  messages: { matches: PAIR_FORMATS.messages.matches, read: (fields) => toBeAnswered(fields, promptOfPair(fields)) },
  hh: { matches: PAIR_FORMATS.hh.matches, read: (fields) => toBeAnswered(fields, promptOfPair(fields)) },
  prompt: {
    matches: ({ chosen, rejected }) => chosen !== undefined || rejected !== undefined,
    read: (fields) => toBeAnswered(fields, promptOfPair(fields)),
  },
  prompts: {
    matches: ({ prompt, messages }) => prompt !== undefined && (!isEmpty(prompt) || messages === undefined),
    read: (fields) => toBeAnswered(fields, isEmpty(fields.prompt) ? "" : promptOf(promptField(fields, "prompt"))),
  },
  conversation: {
    matches: ({ messages }) => messages !== undefined,
    read: (fields) => inContext(fields, withoutAnswer(messagesField(fields, "messages"), "messages")),
  },
} as const satisfies Record<string, Format<Prompt>>;

function toBeAnswered(fields: Fields, prompt: Written): Prompt {
  const asked = notEmpty(prompt, "prompt");
  return inContext(fields, typeof asked === "string" ? asked : withoutAnswer(asked, "the prompt"));
}

function isEmpty(prompt: unknown): boolean {
  return prompt === "" || (Array.isArray(prompt) && prompt.length === 0);
}

/** The one that both sides answer; where neither holds a conversation, the one beside them. */
function promptOfPair(fields: Fields): Written {
  const written = fields.prompt === undefined || isEmpty(fields.prompt) ? undefined : promptField(fields, "prompt");
  const [first, second] = [...textSides(fields, written), ...messageSides(fields, written)].map((turns) => withoutAnswer(turns, "a side"));
  if (first && second && !sameMessages(first, second)) throw inputError("chosen and rejected answer different prompts");
  if (first) return wellFormed(first, "chosen");
  if (written !== undefined) return promptOf(written);
  throw inputError(isEmpty(fields.prompt) ? "the prompt is empty" : "neither side holds a prompt, and no prompt stands beside them");
}

const SIDES = ["chosen", "rejected"] as const;

/** Transcripts among the sides. */
function textSides(fields: Fields, prompt: Written | undefined): ChatMessage[][] {
  const texts = SIDES.map((side) => [side, fields[side]] as const).filter(
    (side): side is ["chosen" | "rejected", string] => typeof side[1] === "string",
  );
  if (prompt !== undefined) return Object.values(repeating(prompt, Object.fromEntries(texts)) ?? {});
  return texts.filter(([, text]) => isTranscript(text)).map(([, text]) => parseTranscript(text));
}

/** Messages among the sides; beside a prompt those that are none are passed over. */
function messageSides(fields: Fields, prompt: Written | undefined): ChatMessage[][] {
  const readable = (side: unknown): boolean => {
    return Array.isArray(side) && (prompt === undefined || (side.length > 0 && side.every((message) => messageFault(message) === null)));
  };
  return SIDES.filter((side) => readable(fields[side])).map((side) => withPrompt({ ...fields, prompt }, side));
}
