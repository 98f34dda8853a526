/** Requests whose answers are known: each was asked before, alone. */
import type { Random } from "../../helpers/random.js";
import { ask, textOf } from "./http.js";

/** A request to /v1/chat/completions or /v1/completions. */
export interface Wish {
  path: string;
  body: Record<string, unknown>;
}

/** What it is answered, alone. */
export interface Known extends Wish {
  text: string;
  tokens: readonly number[];
  reward: number | null;
}

/** Which answers there are, by what decodes them. Seeds make those that are drawn the same again. */
const WAYS: readonly Record<string, unknown>[] = [
  { argsearch: { weight: 0.6 } },
  { argsearch: { weight: 0.6, topK: 4, candidates: true } },
  { argsearch: { weight: 0.5, gate: { entropy: 2 } } },
  { argsearch: { weight: 0.5, gate: "bound" } },
  { argsearch: { weight: 0 } },
  { argsearch: { weight: 0, rewards: true } },
  { temperature: 0.8, argsearch: { method: "sample" } },
  { temperature: 0.5, argsearch: { weight: 0.6 } },
  { argsearch: { method: "blocks", block: 4, drafts: 3 } },
];

/** By how much the best must lead: less, and rounding decides. */
const LEAD = 1e-4;
const WORDS = ["sea", "salt", "ship", "wind", "sail", "tall", "rain", "why", "how", "and", "the", "all"];
const SYSTEM = "a tall ship, and all who sail on her; salt and wind, the sea, and rain. ";

/** A prompt of so many characters, which are tokens of the random models. */
export function proseOf(random: Random, characters: number): string {
  let text = "";
  while (text.length < characters) text += `${random.pick(WORDS)} `;
  return text.slice(0, characters);
}

export function wishes(random: Random, count: number): Wish[] {
  return Array.from({ length: count }, (_, at) => {
    const way = WAYS[at % WAYS.length] ?? {};
    const own = { ...way, seed: random.integer(0, 2 ** 31), max_tokens: random.integer(1, 40) };
    const length = random.uniform() < 0.1 ? random.integer(300, 900) : random.integer(1, 60);
    const text = (random.uniform() < 0.3 ? SYSTEM : "") + proseOf(random, length);
    if (random.uniform() < 0.5) return { path: "/v1/completions", body: { prompt: text, ...own } };
    return { path: "/v1/chat/completions", body: { messages: [{ role: "user", content: text }], ...own } };
  });
}

/** Asks for each alone. Those that rounding may decide are left out. */
export async function known(url: string, wanted: readonly Wish[]): Promise<Known[]> {
  const found: Known[] = [];
  for (const wish of wanted) {
    const chat = wish.path.includes("chat");
    const body = { ...wish.body, ...(chat ? { logprobs: true, top_logprobs: 2 } : { logprobs: 2 }) };
    const argsearch = { ...(wish.body.argsearch as object), candidates: true };
    const answer = await ask({ url, path: wish.path, body: JSON.stringify({ ...body, argsearch }) });
    const text = await textOf(answer);
    if (answer.statusCode !== 200) throw new Error(`${JSON.stringify(wish)} alone: ${answer.statusCode} ${text}`);
    const choice = choiceOf(text);
    if (leastLead(choice) >= LEAD) found.push({ ...wish, ...outcomeOf(choice) });
  }
  return found;
}

export interface Choice {
  text?: string;
  message?: { content: string };
  delta?: { content?: string };
  logprobs: { content?: { top_logprobs: { logprob: number }[] }[]; top_logprobs?: Record<string, number>[] } | null;
  argsearch: { method: string; reward: number | null; tokens: { token: number; candidates?: { score: number | null }[] }[] };
}

export function choiceOf(text: string): Choice {
  const { choices } = JSON.parse(text) as { choices: Choice[] };
  const [choice] = choices;
  if (choice === undefined) throw new Error(`no choice in ${text}`);
  return choice;
}

export function outcomeOf({ text, message, argsearch }: Choice): Pick<Known, "text" | "tokens" | "reward"> {
  return { text: text ?? message?.content ?? "", tokens: argsearch.tokens.map(({ token }) => token), reward: argsearch.reward };
}

function leastLead({ logprobs, argsearch }: Choice): number {
  const leadOf = (values: readonly number[]): number => {
    const [best = 0, second = Number.NEGATIVE_INFINITY] = [...values].sort((a, b) => b - a);
    return best - second;
  };
  const scores = argsearch.tokens.map(({ candidates = [] }) => candidates.flatMap(({ score }) => score ?? []));
  const likeliest =
    argsearch.method === "greedy"
      ? (logprobs?.content?.map(({ top_logprobs }) => top_logprobs.map(({ logprob }) => logprob)) ??
        logprobs?.top_logprobs?.map((each) => Object.values(each)) ??
        [])
      : [];
  return Math.min(...[...scores, ...likeliest].map(leadOf));
}
