/** What is decoded: prompts of a wanted length, another one for each slot. */

import { readPrompts } from "../data/read.js";
import type { Decoder } from "../decode/decoder.js";
import { packageFile } from "../package-root.js";
import type { ChatMessage, Prompt, TemplateOptions } from "../types.js";

/** Plain English, as much of it as is needed. */
const FILLER = `The market opens before the sun is up. Carts roll in from the farms with apples, leeks and bread, and a woman in a blue
coat sets out jars of honey in two straight rows. By eight the square is full. People ask for the price of plums, taste the cheese, and
talk about the rain that never came. A boy sells paper kites for a coin each; most of them fly, and one is caught in the old lime tree
beside the bank. At noon the bell rings twice. Whoever has not sold everything lowers the price, and the last baskets go to the school on
the hill. Then the square is swept, the awnings are folded, and only the pigeons stay.`.split(/\s+/);

/** Of the package's own held-out prompts. */
export async function defaultPrompts(count: number): Promise<Prompt[]> {
  const prompts: Prompt[] = [];
  for await (const { value } of readPrompts(packageFile("models", "held-out-prompts.jsonl"))) {
    prompts.push(value);
    if (prompts.length === count) break;
  }
  return prompts;
}

/**
 * The prompt behind so much text that the policy reads `tokens` tokens of it, or as many as whole words allow below that. `turn`: where the
 * text begins, so that the prompts of several slots have nothing in common.
 */
export async function lengthened(
  decoder: Pick<Decoder, "countTokens">,
  prompt: Prompt,
  { tokens, turn, template }: { tokens: number; turn: number } & TemplateOptions,
): Promise<Prompt> {
  const withWords = (words: number): Prompt => (words === 0 ? prompt : behind(fillerText(words, turn), prompt));
  let [fits, tooMany] = [0, tokens + 1];
  while (tooMany - fits > 1) {
    const words = Math.floor((fits + tooMany) / 2);
    if ((await decoder.countTokens(withWords(words), { template })) <= tokens) fits = words;
    else tooMany = words;
  }
  return withWords(fits);
}

function fillerText(words: number, turn: number): string {
  return Array.from({ length: words }, (_, index) => FILLER[(index + 7 * turn) % FILLER.length]).join(" ");
}

function behind(text: string, prompt: Prompt): Prompt {
  if (typeof prompt === "string") return `${text}\n\n${prompt}`;
  if ("messages" in prompt) return { ...prompt, messages: behind(text, prompt.messages) as string | readonly ChatMessage[] };
  const [first, ...others] = prompt;
  if (first === undefined) return prompt;
  return [{ ...first, content: typeof first.content === "string" ? `${text}\n\n${first.content}` : text }, ...others];
}
