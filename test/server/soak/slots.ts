/** Whether every slot serves: as many answers as there are slots all begin before the first of them has ended. */
import { setTimeout as sleep } from "node:timers/promises";
import { ask, eventsOf, metricsOf, textOf } from "./http.js";

/** Milliseconds within which what clients have left behind is over. */
const SETTLED_MS = 15_000;
/** So long that all are under way at once. */
const TOKENS = 300;

/** Returns what is wrong. */
export async function lostSlots(url: string, slots: number): Promise<string[]> {
  const before = await idle(url);
  if (before !== undefined) return [before];
  const times = await Promise.all(
    Array.from({ length: slots }, (_, at) => answered(url, `${String.fromCharCode(97 + (at % 26))} ship ${at}`)),
  );
  const firstEnd = Math.min(...times.map(({ end }) => end));
  const late = times.filter(({ begin }) => begin > firstEnd).length;
  const after = await idle(url);
  return [...(late > 0 ? [`${late} of ${slots} answers had to wait for another's slot`] : []), ...(after === undefined ? [] : [after])];
}

/** Fills all slots' caches to the end: the system gives memory when it is written first. */
export async function fillSlots(url: string, slots: number, context: number): Promise<void> {
  const filled = Array.from({ length: slots }, async (_, at) => {
    const prompt = `${at} is not like another ${at}, `.repeat(context).slice(0, context - 100);
    const body = { prompt, max_tokens: context, argsearch: { weight: 0.6, ending: "never" } };
    await textOf(await ask({ url, path: "/v1/completions", body: JSON.stringify(body) }));
  });
  await Promise.all(filled);
}

/** Waits until nothing is under way. Returns what still is. */
export async function idle(url: string): Promise<string | undefined> {
  const end = performance.now() + SETTLED_MS;
  for (;;) {
    const metrics = await metricsOf(url);
    const [processing, deferred] = ["llamacpp:requests_processing", "llamacpp:requests_deferred"].map((name) => metrics.get(name));
    if (processing === 0 && deferred === 0) return undefined;
    if (performance.now() > end) return `nobody asks, and /metrics says that ${processing} are processed and ${deferred} wait`;
    await sleep(50);
  }
}

async function answered(url: string, prompt: string): Promise<{ begin: number; end: number }> {
  const body = { prompt, stream: true, max_tokens: TOKENS, argsearch: { ending: "never" } };
  const answer = await ask({ url, path: "/v1/completions", body: JSON.stringify(body) });
  let begin: number | undefined;
  for await (const _ of eventsOf(answer)) begin ??= performance.now();
  return { begin: begin ?? Number.POSITIVE_INFINITY, end: performance.now() };
}
