/** Bodies and connections that are no requests, with the statuses that they may be answered by. */
import { connect } from "node:net";
import type { Random } from "../../helpers/random.js";
import { ask, textOf } from "./http.js";

interface Nonsense {
  name: string;
  path: string;
  method?: string;
  body: string | Uint8Array;
  headers?: Record<string, string>;
  status: number;
}

const CHAT = "/v1/chat/completions";
const user = (content: unknown): unknown => [{ role: "user", content }];
const json = (value: unknown): string => JSON.stringify(value);

const NONSENSE: readonly Nonsense[] = [
  { name: "no JSON", path: CHAT, body: "{", status: 400 },
  { name: "nothing", path: CHAT, body: "", headers: { "content-type": "application/json" }, status: 400 },
  { name: "no object", path: CHAT, body: "[]", status: 400 },
  { name: "no UTF-8", path: CHAT, body: Uint8Array.of(0x7b, 0xff, 0xfe, 0x7d), status: 400 },
  { name: "a nest", path: CHAT, body: "[".repeat(100_000), status: 400 },
  { name: "another type", path: CHAT, body: "a=b", headers: { "content-type": "application/x-www-form-urlencoded" }, status: 415 },
  { name: "no messages", path: CHAT, body: json({}), status: 400 },
  { name: "messages of no kind", path: CHAT, body: json({ messages: "hello" }), status: 400 },
  { name: "a content of no kind", path: CHAT, body: json({ messages: user(3) }), status: 400 },
  { name: "a number of answers", path: CHAT, body: json({ messages: user("sea"), n: 1e9 }), status: 400 },
  { name: "a temperature", path: CHAT, body: json({ messages: user("sea"), temperature: "hot" }), status: 400 },
  { name: "a name in argsearch", path: CHAT, body: json({ messages: user("sea"), argsearch: { wieght: 1 } }), status: 400 },
  { name: "a method", path: CHAT, body: json({ messages: user("sea"), argsearch: { method: "magic" } }), status: 400 },
  { name: "tools", path: CHAT, body: json({ messages: user("sea"), tools: [{ type: "function", function: { name: "f" } }] }), status: 400 },
  { name: "another model", path: CHAT, body: json({ messages: user("sea"), model: "gpt-4o" }), status: 404 },
  { name: "a grammar", path: "/v1/completions", body: json({ prompt: "sea", argsearch: { grammar: "root ::= (" } }), status: 400 },
  { name: "a prompt that is too long", path: "/v1/completions", body: json({ prompt: "sea ".repeat(5000) }), status: 400 },
  { name: "nowhere", path: "/v1/nowhere", body: "{}", status: 404 },
  { name: "another method", path: CHAT, method: "DELETE", body: "", status: 405 },
  { name: "much", path: CHAT, body: " ".repeat(9 * 2 ** 20), headers: { connection: "close" }, status: 413 },
];

/** Sends one of them. Returns its name, and what is wrong with the answer. */
export async function sendNonsense(url: string, random: Random): Promise<{ name: string; wrong?: string }> {
  if (random.uniform() < 0.2) return sendTorn(url, random);
  const { status, ...sent } = random.pick(NONSENSE);
  const { name } = sent;
  let answer: Awaited<ReturnType<typeof ask>>;
  try {
    answer = await ask({ url, ...sent });
  } catch (error) {
    // A server may answer and close before it has read all of it.
    if (status === 413) return { name };
    return { name, wrong: `${name}: ${String(error)}` };
  }
  const text = await textOf(answer).catch(() => "");
  if (answer.statusCode !== status) return { name, wrong: `${name}: ${answer.statusCode} ${text.slice(0, 300)}, wanted ${status}` };
  if (!isError(text)) return { name, wrong: `${name}: no error in OpenAI's form: ${text.slice(0, 300)}` };
  return { name };
}

function isError(text: string): boolean {
  try {
    const { error } = JSON.parse(text) as { error?: { message?: unknown; type?: unknown; code?: unknown } };
    return typeof error?.message === "string" && typeof error.type === "string" && error.code !== undefined;
  } catch {
    return false;
  }
}

const TORN: readonly string[] = [
  "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{",
  "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nffff\r\n{",
  "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: many\r\n\r\n",
  "GET /metrics HTTP/1.1\r\nhost: local",
  "\0\0\0\0",
];

/** A connection that ends, or is cut, in the middle of a request. */
async function sendTorn(url: string, random: Random): Promise<{ name: string }> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => {});
  socket.resume();
  await new Promise((resolve) => socket.once("connect", resolve).once("close", resolve));
  socket.write(random.pick(TORN));
  await new Promise((resolve) => setTimeout(resolve, random.integer(0, 50)));
  socket.destroy();
  return { name: "a torn request" };
}
