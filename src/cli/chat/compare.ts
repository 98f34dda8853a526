/** One message answered by greedy decoding and by what guides the chat. */
import { abortedError } from "../../engine/abort.js";
import { ArgsearchError, type ChatMessage, type Decoder, type GenerateOptions, type GenerateResult } from "../../index.js";
import { type Answer, beside } from "../page/beside.js";
import { colourDepth, draw } from "../page/draw.js";
import { legend } from "../page/legend.js";
import { BLANK } from "../page/line.js";
import type { RewardedText } from "../page/wrap.js";
import { plural, rewardFigures } from "../terminal/format.js";
import { type Output, print, printText } from "../terminal/output.js";
import { workBar } from "../terminal/progress.js";
import { streamText } from "../terminal/stream-text.js";
import { methodWords } from "./guidance.js";
import type { RewardColours } from "./reward-colours.js";
import type { ChatSettings } from "./settings.js";

/** What a comparison takes of a chat. */
export interface Comparing {
  decoder: Decoder;
  settings: ChatSettings;
  colours: RewardColours;
}

interface Compared {
  heading: string;
  text: RewardedText[];
  result: GenerateResult;
}

/** Longer lines are hard to read. */
const WIDEST = 160;
/** Columns of what is no terminal. */
const NO_TERMINAL = 80;

/**
 * The greedy answer and the guided one, both rated, decoded last so that the cache holds what the conversation goes on with. A chat that decodes
 * greedily is compared with the search.
 *
 * @throws ArgsearchError OPTION_INVALID without a reward to guide by; ABORTED when one of them was stopped
 */
export async function compare(chat: Comparing, messages: readonly ChatMessage[], signal: AbortSignal): Promise<[Compared, Compared]> {
  const guided = guidedOptions(chat);
  const greedy = await decode(chat, messages, chat.settings.greedy, signal);
  return [greedy, await decode(chat, messages, guided, signal)];
}

function guidedOptions({ settings }: Comparing): GenerateOptions {
  if (settings.resolved().method !== "greedy") return settings.options;
  if (settings.rewarded) return { ...settings.options, method: "args" };
  throw new ArgsearchError("OPTION_INVALID", "/compare needs another method than greedy: /method sample, or start the chat with --reward");
}

async function decode(
  { decoder, settings }: Comparing,
  messages: readonly ChatMessage[],
  options: GenerateOptions,
  signal: AbortSignal,
): Promise<Compared> {
  const resolved = settings.resolved(options);
  const rewards = settings.rewarded;
  const bar = workBar(resolved.method);
  const text: RewardedText[] = [];
  try {
    const result = await streamText(decoder.stream(messages, { ...options, rewards, signal }), {
      write: async (piece, step) => {
        text.push({ text: piece, reward: step?.reward ?? null });
        bar.update(text.length, resolved.maxTokens);
      },
    });
    if (result.finishReason === "aborted") throw abortedError(signal);
    return { heading: methodWords(resolved), text: resolved.method === "blocks" ? withBlocks(text) : text, result };
  } finally {
    bar.stop();
  }
}

/** Within a block only its last token has a reward, which is that of the whole block. */
function withBlocks(text: readonly RewardedText[]): RewardedText[] {
  let reward: number | null = null;
  const backwards = text.toReversed().map((each): RewardedText => {
    reward = each.reward ?? reward;
    return { text: each.text, reward };
  });
  return backwards.reverse();
}

/** On a terminal the page alone; else standard output gets the guided answer, as any other, and standard error the page. */
export async function showComparison({ colours }: Comparing, answers: readonly [Compared, Compared]): Promise<void> {
  if (process.stdout.isTTY) return print(page(answers, colours, process.stdout));
  const [, guided] = answers;
  await printText(`${guided.result.text}\n`);
  process.stderr.write(page(answers, colours, process.stderr));
}

function page([greedy, guided]: readonly [Compared, Compared], { on, scale }: RewardColours, stream: Output): string {
  const width = Math.min(stream.columns ?? NO_TERMINAL, WIDEST);
  const depth = colourDepth(stream);
  const coloured = on && depth > 1;
  const lines = beside([answerOf(greedy, coloured), answerOf(guided, coloured)], { width, numbers: false });
  const all = coloured ? [legend(scale), BLANK, ...lines] : lines;
  return [...all, BLANK].map((line) => `${draw(line, scale, depth).trimEnd()}\n`).join("");
}

function answerOf({ heading, text, result }: Compared, coloured: boolean): Answer {
  const ended = result.finishReason === "length" ? ["cut off"] : [];
  return {
    heading,
    text: coloured ? text : text.map((piece) => ({ text: piece.text, reward: null })),
    figures: [...rewardFigures(result), plural(result.usage.completionTokens, "token"), ...ended].join(" · "),
  };
}
