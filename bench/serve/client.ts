/** Requests of a benchmark, over HTTP, as a stream. */
import { ask, eventsOf, textOf } from "../../test/server/soak/http.js";
import type { Mode } from "./modes.js";

/** One answer. */
export interface Answered {
  tokens: number;
  /** Milliseconds from the request to the first token. */
  firstMs: number;
  steps: number;
  /** Steps that rewards chose. */
  guided: number;
}

/** So many clients, each of which asks for one answer after the other. */
export interface Load {
  clients: number;
  /** Prompts of each client. */
  prompts: readonly (readonly string[])[];
  /** Tokens of each answer. */
  maxTokens: number;
}

export interface Measured {
  tokensPerSecond: number;
  firstMs: number[];
  /** Share of the steps. */
  guided: number;
}

interface Event {
  choices?: { argsearch?: { tokens?: unknown[]; gate?: { steps: number; guided: number } } }[];
  error?: { message: string };
}

export async function measure(url: string, mode: Mode, { clients, prompts, maxTokens }: Load): Promise<Measured> {
  const started = performance.now();
  const client = async (_: unknown, at: number): Promise<Answered[]> => {
    const answers: Answered[] = [];
    for (const prompt of prompts[at] ?? []) answers.push(await answered(url, mode, prompt, maxTokens));
    return answers;
  };
  const answers = (await Promise.all(Array.from({ length: clients }, client))).flat();
  const seconds = (performance.now() - started) / 1000;
  const sum = (name: "tokens" | "steps" | "guided"): number => answers.reduce((total, each) => total + each[name], 0);
  return {
    tokensPerSecond: sum("tokens") / seconds,
    firstMs: answers.map(({ firstMs }) => firstMs),
    guided: sum("guided") / sum("steps"),
  };
}

/** Why this server cannot answer so; undefined: it can. */
export async function whyNot(url: string, mode: Mode): Promise<string | undefined> {
  const body = { messages: [{ role: "user", content: "Hello" }], max_tokens: 1, argsearch: mode.argsearch };
  const answer = await ask({ url, path: "/v1/chat/completions", body: JSON.stringify(body) });
  const text = await textOf(answer);
  return answer.statusCode === 200 ? undefined : ((JSON.parse(text) as Event).error?.message ?? text);
}

async function answered(url: string, { argsearch }: Mode, content: string, maxTokens: number): Promise<Answered> {
  const body = { messages: [{ role: "user", content }], stream: true, max_tokens: maxTokens, argsearch };
  const started = performance.now();
  const answer = await ask({ url, path: "/v1/chat/completions", body: JSON.stringify(body) });
  if (answer.statusCode !== 200) throw new Error(`${JSON.stringify(argsearch)}: ${await textOf(answer)}`);
  const found: Answered = { tokens: 0, firstMs: Number.NaN, steps: 0, guided: 0 };
  for await (const data of eventsOf(answer)) {
    if (data === "[DONE]") return found;
    const { choices = [], error } = JSON.parse(data) as Event;
    if (error !== undefined) throw new Error(error.message);
    for (const { argsearch: said } of choices) {
      const count = said?.tokens?.length ?? 0;
      if (count > 0 && found.tokens === 0) found.firstMs = performance.now() - started;
      found.tokens += count;
      if (said?.gate !== undefined) Object.assign(found, { steps: said.gate.steps, guided: said.gate.guided });
    }
  }
  throw new Error("the stream ended before its end");
}
