/** How many prompt tokens are decoded, as /metrics counts them, from a short request behind a long one to its first token. */
import type { Random } from "../../helpers/random.js";
import { ask, eventsOf, metricsOf, textOf } from "./http.js";
import { proseOf } from "./wishes.js";

/** Characters, which are tokens. */
const LONG = 3000;
const SHORT = 40;

/** Of every try. The parts that end while the request, its first token or the metrics are on their way count, too. */
export async function tokensUntilFirst(url: string, random: Random, tries: number): Promise<number[]> {
  const counts: number[] = [];
  for (let at = 0; at < tries; at++) counts.push(await one(url, random));
  return counts;
}

async function one(url: string, random: Random): Promise<number> {
  const before = await prefilled(url);
  const long = completion(url, proseOf(random, LONG)).then(textOf);
  while ((await prefilled(url)) === before) await new Promise(setImmediate);
  const asked = await prefilled(url);
  const short = await completion(url, proseOf(random, SHORT));
  const events = eventsOf(short);
  await events.next();
  const begun = await prefilled(url);
  for await (const _ of events);
  const rest = await prefilled(url);
  await long;
  if (rest - before >= 2 * LONG) throw new Error("the long prompt was decoded before the short one was answered: the count says nothing");
  return begun - asked;
}

async function prefilled(url: string): Promise<number> {
  const metrics = await metricsOf(url);
  return (metrics.get("llamacpp:prompt_tokens_total") ?? 0) + (metrics.get("argsearch:reward_prompt_tokens_total") ?? 0);
}

function completion(url: string, prompt: string): ReturnType<typeof ask> {
  const body = { prompt, stream: true, max_tokens: 1, argsearch: { weight: 0.6, ending: "never" } };
  return ask({ url, path: "/v1/completions", body: JSON.stringify(body) });
}
