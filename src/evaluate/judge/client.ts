/** Asks an OpenAI-compatible endpoint. The `openai` package is an optional peer: it is loaded when there is a judge. */
import type OpenAI from "openai";
import { throwIfAborted } from "../../abort.js";
import { optionalModule } from "../optional-module.js";
import type { JudgeOptions } from "./options.js";
import type { JudgeMessage } from "./scheme.js";

/** A reply, or why there is none; `unreachable`: the endpoint is not there at all, or refuses us. */
export type Reply = { content: string } | { failure: string; unreachable: boolean };

export type Ask = (messages: JudgeMessage[], signal: AbortSignal | undefined) => Promise<Reply>;

/** As in the paper's published code. */
const TEMPERATURE = 0.7;

/** Longest wait before another try after a torn answer, milliseconds. */
const LONGEST_WAIT = 8000;

/** @throws ArgsearchError DEPENDENCY_MISSING without the `openai` package */
export async function judgeClient(options: JudgeOptions): Promise<Ask> {
  const openai = await optionalModule<typeof import("openai")>(() => import("openai"), "openai", "the judge");
  const { retries = 5, timeout = 120_000 } = options;
  const client = new openai.OpenAI({
    baseURL: options.url,
    apiKey: options.apiKey ?? process.env.OPENAI_API_KEY ?? "none",
    maxRetries: retries,
    timeout,
  });
  const once = (messages: JudgeMessage[], signal: AbortSignal | undefined): Promise<Reply> =>
    ask(client, openai, options, messages, signal);
  return (messages, signal) => untilWhole(() => once(messages, signal), retries, signal);
}

class TornReply extends Error {}

async function ask(
  client: OpenAI,
  openai: typeof import("openai"),
  { model, maxTokens = 512 }: JudgeOptions,
  messages: JudgeMessage[],
  signal: AbortSignal | undefined,
): Promise<Reply> {
  try {
    const body = { model, messages, temperature: TEMPERATURE, max_tokens: maxTokens };
    const completion: unknown = await client.chat.completions.create(body, { signal });
    const content = contentOf(completion);
    return content === null ? { failure: "the answer holds no text", unreachable: false } : { content };
  } catch (error) {
    throwIfAborted(signal);
    // What broke off behind good headers is not tried again by the client.
    if (!(error instanceof openai.APIError)) throw new TornReply((error as Error).message, { cause: error });
    return { failure: error.message, unreachable: isUnreachable(openai, error) };
  }
}

/** The text of the first choice; null where there is none. */
function contentOf(completion: unknown): string | null {
  const choices = (completion as { choices?: { message?: { content?: unknown } }[] } | null)?.choices;
  const content = Array.isArray(choices) ? choices[0]?.message?.content : undefined;
  return typeof content === "string" ? content : null;
}

/** No connection, or a refusal that no other question would change. */
function isUnreachable(openai: typeof import("openai"), error: InstanceType<typeof openai.APIError>): boolean {
  return error instanceof openai.APIConnectionError || [401, 403, 404].includes(error.status ?? 0);
}

async function untilWhole(once: () => Promise<Reply>, retries: number, signal: AbortSignal | undefined): Promise<Reply> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await once();
    } catch (error) {
      if (!(error instanceof TornReply)) throw error;
      if (attempt >= retries) return { failure: `the answer broke off: ${error.message}`, unreachable: false };
    }
    await new Promise((resolve) => setTimeout(resolve, Math.min(LONGEST_WAIT, 250 * 2 ** attempt)));
    throwIfAborted(signal);
  }
}
