/** What servers that rate texts answer, checked: one number a text, in their order. */
import { isJsonObject } from "../files/json.js";
import { show } from "../validate.js";
import type { Ends, RemoteClient } from "./client.js";

const CLASSIFY = "/classify";
const SCORE = "/v1/score";

/** Texts for vLLM's `/classify`. */
export interface Classification {
  model: string | undefined;
  texts: readonly string[];
  /** A chat template has written them, with all special tokens. */
  templated: boolean;
  /** Which class counts; undefined: there must be one. */
  label: number | undefined;
}

/** Logits of one class. @throws ArgsearchError REMOTE_FAILED, REMOTE_INVALID, ABORTED */
export async function classify(client: RemoteClient, { model, texts, templated, label }: Classification, ends: Ends): Promise<number[]> {
  // The text of a template has its beginning token, where there is one; vLLM would put another before it.
  const special = templated ? { add_special_tokens: false } : {};
  const answer = await client.ask(CLASSIFY, { ...(model && { model }), input: texts, use_activation: false, ...special }, ends);
  return rowsOf(client, CLASSIFY, answer, texts.length).map((row, index) => {
    const { probs } = row;
    if (!Array.isArray(probs)) throw client.invalid(CLASSIFY, `gives no "probs" for text ${index}: its model is no classifier`);
    if (label === undefined && probs.length !== 1) {
      throw client.invalid(CLASSIFY, `gives ${probs.length} numbers for text ${index}: say with label which of them is the reward`);
    }
    return numberOf(client, CLASSIFY, probs[label ?? 0], index);
  });
}

/** What `argsearch serve` takes for one text. */
export type Scorable = { prompt: unknown; response: unknown } | { text: string };

/** Rewards. @throws ArgsearchError REMOTE_FAILED, REMOTE_INVALID, ABORTED */
export async function scoreTexts(
  client: RemoteClient,
  model: string | undefined,
  inputs: readonly Scorable[],
  ends: Ends,
): Promise<number[]> {
  const answer = await client.ask(SCORE, { ...(model && { model }), inputs }, ends);
  return rowsOf(client, SCORE, answer, inputs.length).map(({ score }, index) => numberOf(client, SCORE, score, index));
}

/** The rows of `data` by their `index`, where they have one. */
function rowsOf(client: RemoteClient, path: string, answer: unknown, count: number): Record<string, unknown>[] {
  const data = isJsonObject(answer) ? answer.data : undefined;
  if (!Array.isArray(data) || !data.every(isJsonObject)) throw client.invalid(path, 'answers without "data", a list of objects');
  if (data.length !== count) throw client.invalid(path, `rates ${data.length} texts of ${count}`);
  const rows: Record<string, unknown>[] = [];
  for (const [place, row] of data.entries()) {
    const { index = place } = row;
    if (typeof index !== "number" || !Number.isInteger(index) || index < 0 || index >= count || rows[index] !== undefined) {
      throw client.invalid(path, `gives text ${show(index)} of ${count} twice, or there is none`);
    }
    rows[index] = row;
  }
  return rows;
}

function numberOf(client: RemoteClient, path: string, value: unknown, index: number): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw client.invalid(path, `must give finite numbers, and gives ${show(value)} for text ${index}`);
}
