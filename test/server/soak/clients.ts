/** Clients of all kinds, each of which sees whether what it is answered is what it is answered alone. */
import type { IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "../../helpers/random.js";
import { ask, eventsOf, textOf } from "./http.js";
import { sendNonsense } from "./nonsense.js";
import { type Choice, choiceOf, type Known, outcomeOf } from "./wishes.js";

/** What came of one request; `wrong`: what was not to be. */
export interface Outcome {
  kind: string;
  wrong?: string;
}

export interface ClientParts {
  url: string;
  known: readonly Known[];
  random: Random;
}

type Client = (parts: ClientParts, known: Known) => Promise<Outcome>;

/** How often each comes, of 100. */
const CLIENTS: readonly (readonly [share: number, client: Client])[] = [
  [35, stream],
  [20, whole],
  [15, leaving],
  [10, leavingAtOnce],
  [10, slow],
  [10, async ({ url, random }) => nonsense(await sendNonsense(url, random))],
];

export async function one(parts: ClientParts): Promise<Outcome> {
  const wanted = parts.random.pick(parts.known);
  const client = drawn(parts.random);
  try {
    return await client(parts, wanted);
  } catch (error) {
    return { kind: "failed", wrong: `${client.name} of ${JSON.stringify(wanted.body)}: ${String(error)}` };
  }
}

function drawn(random: Random): Client {
  let left = random.integer(1, 100);
  for (const [share, client] of CLIENTS) {
    left -= share;
    if (left <= 0) return client;
  }
  return whole;
}

function nonsense({ name, wrong }: { name: string; wrong?: string }): Outcome {
  return { kind: name === "a torn request" ? "torn" : "refused", ...(wrong !== undefined && { wrong }) };
}

async function whole({ url }: ClientParts, wanted: Known): Promise<Outcome> {
  const answer = await ask({ url, path: wanted.path, body: JSON.stringify(wanted.body) });
  const text = await textOf(answer);
  if (answer.statusCode !== 200) return refusal(answer, text, wanted);
  return compared("answered", outcomeOf(choiceOf(text)), wanted);
}

async function stream(parts: ClientParts, wanted: Known): Promise<Outcome> {
  return read(parts, wanted, "streamed", async () => true);
}

async function slow(parts: ClientParts, wanted: Known): Promise<Outcome> {
  return read(parts, wanted, "read slowly", async () => {
    await sleep(parts.random.integer(0, 60));
    return true;
  });
}

async function leaving(parts: ClientParts, wanted: Known): Promise<Outcome> {
  let left = parts.random.integer(1, 30);
  return read(parts, wanted, "streamed", async () => --left > 0);
}

/** While it waits, while its prompt is decoded, or just behind it. */
async function leavingAtOnce({ url, random }: ClientParts, wanted: Known): Promise<Outcome> {
  const body = JSON.stringify({ ...wanted.body, stream: random.uniform() < 0.5 });
  const signal = AbortSignal.timeout(random.integer(1, 200));
  try {
    const answer = await ask({ url, path: wanted.path, body, signal });
    const text = await textOf(answer);
    if (answer.statusCode !== 200) return refusal(answer, text, wanted);
    return { kind: "answered before it left" };
  } catch (error) {
    if (signal.aborted) return { kind: "left at once" };
    throw error;
  }
}

/** Reads a stream as long as it is told to go on. */
async function read({ url }: ClientParts, wanted: Known, kind: string, goesOn: () => Promise<boolean>): Promise<Outcome> {
  const body = JSON.stringify({ ...wanted.body, stream: true, stream_options: { include_usage: true } });
  const answer = await ask({ url, path: wanted.path, body });
  if (answer.statusCode !== 200) return refusal(answer, await textOf(answer), wanted);
  const found = { text: "", tokens: [] as number[], reward: null as number | null };
  let usage = false;
  for await (const data of eventsOf(answer)) {
    if (data === "[DONE]") return usage ? compared(kind, found, wanted) : { kind, wrong: `no usage: ${JSON.stringify(wanted.body)}` };
    const event = JSON.parse(data) as { error?: unknown; usage?: object | null; choices: Choice[] };
    if (event.error !== undefined) return { kind, wrong: `${JSON.stringify(wanted.body)}: ${data}` };
    if (event.usage) usage = true;
    for (const { delta, text, argsearch } of event.choices) {
      found.text += text ?? delta?.content ?? "";
      found.tokens.push(...(argsearch?.tokens ?? []).map(({ token }) => token));
      found.reward = argsearch?.reward ?? found.reward;
    }
    if (await goesOn()) continue;
    answer.destroy();
    return begins(found, wanted);
  }
  return { kind, wrong: `the stream ended without [DONE]: ${JSON.stringify(wanted.body)}` };
}

/** That too many wait is an answer, too. */
function refusal({ statusCode, headers }: IncomingMessage, text: string, { body }: Known): Outcome {
  if (statusCode === 429 && headers["retry-after"] !== undefined) return { kind: "told to come later" };
  return { kind: "refused", wrong: `${JSON.stringify(body)}: ${statusCode} ${text.slice(0, 500)}` };
}

type Answer = Pick<Known, "text" | "tokens" | "reward">;

/** Rewards are as near as those of F32 models are, however they are batched. */
const NEAR = 1e-3;

function compared(kind: string, found: Answer, wanted: Known): Outcome {
  const same = found.text === wanted.text && String(found.tokens) === String(wanted.tokens);
  if (same && Math.abs((found.reward ?? 0) - (wanted.reward ?? 0)) < NEAR) return { kind };
  return { kind, wrong: differs(found, wanted) };
}

function begins(found: Answer, wanted: Known): Outcome {
  const kind = "left";
  const same = wanted.text.startsWith(found.text) && String(found.tokens) === String(wanted.tokens.slice(0, found.tokens.length));
  return same ? { kind } : { kind, wrong: differs(found, wanted) };
}

function differs({ text, tokens, reward }: Answer, wanted: Known): string {
  const say = (each: Answer): string => JSON.stringify([each.text, each.tokens.join(" "), each.reward]);
  return `${JSON.stringify(wanted.body)}: ${say({ text, tokens, reward })}, alone ${say(wanted)}`;
}
