/** How an answer is recognised at its first token, and what two probabilities make of it. */
import type { Answers } from "./options.js";

/** As it is, small, with a capital and in capitals. */
export function spellings(word: string): string[] {
  const small = word.toLowerCase();
  const capital = `${small.slice(0, 1).toUpperCase()}${small.slice(1)}`;
  return [...new Set([word, small, capital, word.toUpperCase()])];
}

/** Whether a token begins one of the answers, and which: 0 or 1. Undefined where it begins none, or both. */
export function answerBegunBy(token: string, answers: Answers): 0 | 1 | undefined {
  const text = token.replace(BEFORE, "");
  if (text === "") return undefined;
  const [yes, no] = answers.map((word) => spellings(word).some((spelling) => spelling.startsWith(text)));
  return yes === no ? undefined : yes ? 0 : 1;
}

/** Spaces, as tokenizers write them. */
const BEFORE = /^[\s▁ĠĊ]+/u;

/** What a model thinks of a question. */
export interface Opinion {
  /** P(yes) / (P(yes) + P(no)), 0 to 1; 0.5 where both are 0. */
  reward: number;
  /** P(yes) + P(no). */
  answered: number;
}

/** Of natural logarithms of probabilities. */
export function opinionOf(yes: readonly number[], no: readonly number[]): Opinion {
  const [p, q] = [logSum(yes), logSum(no)];
  const answered = Math.exp(p) + Math.exp(q);
  const both = p === Number.NEGATIVE_INFINITY && q === p;
  return { reward: both ? 0.5 : 1 / (1 + Math.exp(q - p)), answered };
}

function logSum(logProbs: readonly number[]): number {
  const most = Math.max(...logProbs);
  if (most === Number.NEGATIVE_INFINITY) return most;
  return most + Math.log(logProbs.reduce((sum, each) => sum + Math.exp(each - most), 0));
}
