/** Answers to a few prompts, side by side. */
import { isTranscript, parseTranscript, promptAsText } from "../../data/transcript.js";
import { contentText, messagesOf } from "../../messages.js";
import type { Prompt } from "../../types.js";
import type { EvaluatedResponse } from "../response.js";
import type { EvaluationResults } from "../results.js";
import type { AnswerGroup, Example } from "./document.js";
import { type Entry, isSwept, type Lineup, lineups } from "./lineup.js";

/** Most methods of a pair of models side by side. */
const SIDES = 6;

/** Longest title, letters; of a longer prompt it is the beginning. */
const LONGEST_TITLE = 240;

/** @param places of the prompts in the data, from 0 */
export function exampleBlocks(results: EvaluationResults, responses: readonly EvaluatedResponse[], places: readonly number[]): Example[] {
  const shown = lineups(results).map((lineup) => ({ label: lineup.label, entries: sidesOf(results, lineup) }));
  return places.flatMap((index) => {
    const own = new Map(responses.filter((response) => response.index === index).map((response) => [response.method, response]));
    const groups = shown.flatMap(({ label, entries }): AnswerGroup[] => {
      const answers = entries.flatMap(({ name, short }) => {
        const answer = own.get(name);
        return answer ? [{ name: short, answer }] : [];
      });
      return answers.length === 0 ? [] : [{ label, answers, scale: scaleOf(answers.map(({ answer }) => answer)) }];
    });
    const prompt = groups[0]?.answers[0]?.answer.prompt;
    return prompt === undefined ? [] : [{ kind: "example" as const, ...titled(prompt), groups }];
  });
}

/** Methods that stand alone; of a sweep the paper's variant, then those of the highest reward. */
function sidesOf({ methods }: EvaluationResults, { entries, argsGreedy }: Lineup): Entry[] {
  const reward = ({ name }: Entry): number => methods[name]?.reward?.mean ?? Number.NEGATIVE_INFINITY;
  const best = entries.filter(isSwept).sort((a, b) => reward(b) - reward(a));
  const sides = [...entries.filter((entry) => !isSwept(entry)), ...(argsGreedy ? [argsGreedy] : []), ...best];
  return [...new Set(sides)].slice(0, SIDES);
}

/** A conversation by its last turn. */
function titled(prompt: Prompt): Pick<Example, "title" | "prompt"> {
  const whole = promptAsText(prompt).trim();
  const messages = messagesOf(prompt);
  const turns = typeof messages !== "string" ? messages.map(contentText) : textsOf(messages);
  const spoken = turns.map((text) => text.trim()).filter((text) => text !== "");
  const last = spoken.at(-1) ?? whole;
  const title = last.length > LONGEST_TITLE ? `${last.slice(0, LONGEST_TITLE).trimEnd()}…` : last;
  const isAll = title === last && spoken.length === 1;
  return { title, prompt: isAll ? null : whole };
}

/** The turns of a transcript, or the text. */
function textsOf(prompt: string): string[] {
  return isTranscript(prompt) ? parseTranscript(prompt).map(contentText) : [prompt];
}

/** The middle nine tenths of the rewards: single outliers do not wash out the colours. */
function scaleOf(answers: readonly EvaluatedResponse[]): [number, number] {
  const sorted = answers.flatMap(({ rewards }) => rewards.filter((reward) => reward !== null)).sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? 0;
  return [at(0.05), at(0.95)];
}
