/** The prompts of an evaluation. */
import { createHash } from "node:crypto";
import { withoutAnswer } from "../data/conversation.js";
import { type PromptFormat, readPrompts } from "../data/read.js";
import { ArgsearchError } from "../errors.js";
import type { BadLine } from "../files/json-lines.js";
import { withMessages } from "../messages.js";
import type { ChatMessage, Prompt } from "../types.js";

export interface PromptSet {
  prompts: Prompt[];
  /** SHA-256 of what was read, so that another file or format is another evaluation. */
  sha256: string;
  badLines: BadLine[];
}

/** Where the prompts of an evaluation come from. */
export interface PromptSource {
  /** Path of a JSON lines file, or the prompts themselves. An answer at the end of a conversation is left aside. */
  data: string | readonly Prompt[];
  /** Default "auto": each line by its fields. */
  format?: PromptFormat | "auto" | undefined;
  /** At most so many, from the first; default all. */
  limit?: number | undefined;
}

/**
 * Reads prompts; of preference pairs their prompts, of conversations what comes before a recorded answer. A line that holds none is
 * left out and reported.
 *
 * @throws ArgsearchError as readPrompts(); INPUT_INVALID when there is not one prompt
 */
export async function loadPrompts({ data, format, limit }: PromptSource, onBadLine?: (bad: BadLine) => void): Promise<PromptSet> {
  const badLines: BadLine[] = [];
  const most = limit ?? Number.POSITIVE_INFINITY;
  const prompts: Prompt[] = typeof data === "string" ? [] : data.slice(0, most).map(asInFiles);
  if (typeof data === "string") {
    const report = (bad: BadLine): void => {
      badLines.push(bad);
      onBadLine?.(bad);
    };
    for await (const { value } of readPrompts(data, { format, onBadLine: report })) {
      prompts.push(value);
      if (prompts.length >= most) break;
    }
  }
  if (prompts.length === 0) throw new ArgsearchError("INPUT_INVALID", `${typeof data === "string" ? data : "data"} holds no prompt`);
  return { prompts, badLines, sha256: createHash("sha256").update(JSON.stringify(prompts)).digest("hex") };
}

/** Without a recorded answer. What is no conversation is refused where it is rendered. */
function asInFiles(prompt: Prompt, index: number): Prompt {
  const beside = typeof prompt === "object" && prompt !== null && "messages" in prompt;
  const messages: unknown = beside ? prompt.messages : prompt;
  if (!isMessages(messages)) return prompt;
  return withMessages(prompt, withoutAnswer(messages, beside ? `data[${index}].messages` : `data[${index}]`));
}

function isMessages(value: unknown): value is ChatMessage[] {
  return Array.isArray(value) && value.length > 0 && value.every((message) => typeof message === "object" && message);
}
