import { spoken } from "./thought.js";

const NUMBER = "(\\d{1,2}(?:\\.\\d+)?)";
const SCORES = new RegExp(`^\\s*${NUMBER}(?:\\s*,\\s*|\\s+)${NUMBER}\\s*$`);

/**
 * The two scores of a reply: its first line that is not blank, behind what the judge has thought, holds two numbers from 1 to 10,
 * separated by a space or comma. Null for anything else: what is not said plainly is not guessed.
 */
export function readVerdict(reply: string): readonly [first: number, second: number] | null {
  // A line of scores is no thought, whatever the explanation below it quotes.
  return scoresOf(reply) ?? scoresOf(spoken(reply).text);
}

function scoresOf(text: string): readonly [first: number, second: number] | null {
  const line = text.split(/\r?\n/).find((each) => each.trim() !== "");
  const match = SCORES.exec(line ?? "");
  if (match === null) return null;
  const [first, second] = [Number(match[1]), Number(match[2])];
  return [first, second].every((score) => score >= 1 && score <= 10) ? [first, second] : null;
}
