/** Where an answer stands in the text of a finished conversation. */
import type { Text } from "../jinja/text.js";
import { ANSWER } from "./template-values.js";

export interface AnswerPlace {
  /** What the template writes before the answer's first character. */
  before: Text;
  /** And behind its last. */
  after: Text;
}

/**
 * Templates may trim an answer, or take its thoughts apart and write them again: it counts as found where its text, spaces at
 * its ends aside, stands whole around what is left of it. Null where it does not.
 */
export function placeOfAnswer(rendered: Text, answer: string): AnswerPlace | null {
  const spans = rendered.spans.filter(({ origin }) => origin === ANSWER);
  const [first, last] = [spans[0], spans.at(-1)];
  const core = answer.trim();
  if (first === undefined || last === undefined || core === "") return null;
  const written = rendered.value.slice(first.start, last.end);
  const [from, to] = [first.start + written.length - written.trimStart().length, last.end - (written.length - written.trimEnd().length)];
  const found = rendered.value.indexOf(core, Math.max(0, to - core.length));
  if (found < 0 || found > from) return null;
  return { before: rendered.slice(0, Math.min(found, first.start)), after: rendered.slice(Math.max(found + core.length, last.end)) };
}
