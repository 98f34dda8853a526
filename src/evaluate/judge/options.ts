import { integer, invalid, nonEmptyText, onlyKnown, plainObject } from "../../validate.js";

/** Win–tie rates by a judge behind an OpenAI-compatible endpoint. */
export interface JudgeOptions {
  /** Base URL, for example "http://localhost:8080/v1". */
  url: string;
  /** The endpoint's name of the model. */
  model: string;
  /** Default the environment's OPENAI_API_KEY; an empty one is none, and servers of your own often ask for none. */
  apiKey?: string | undefined;
  /** What to compare: [method, baseline]; default every guided method against "greedy". */
  pairs?: readonly (readonly [string, string])[] | undefined;
  /** Requests at once, 1 to 64; default 4. */
  concurrency?: number | undefined;
  /** Tries again after 429, 5xx, a torn answer or a broken connection, 0 to 20, waiting longer each time; default 5. */
  retries?: number | undefined;
  /** Milliseconds until an answer, whole, counts as lost; default 60,000. */
  timeout?: number | undefined;
  /**
   * Longest verdict, tokens; default 512: the scores come first, the explanation is not needed whole. A judge whose thoughts leave no
   * room for one gets more for the rest of the run: 8192, or four times as many.
   */
  maxTokens?: number | undefined;
  /** Prices in one currency for a million tokens in and out, for the estimate. */
  price?: { input: number; output: number } | undefined;
  /** Called before the first request. False: nothing is sent, and only verdicts of earlier runs are in the results. */
  onEstimate?: ((estimate: JudgeEstimate) => boolean | undefined | Promise<boolean | undefined>) | undefined;
}

/** What judging will take, at four characters a token. */
export interface JudgeEstimate {
  /** Verdicts wanted. */
  verdicts: number;
  /** Questions to ask for them: those that are the same, or in the cache, are not asked again. */
  requests: number;
  /** Of all requests together, about. */
  inputTokens: number;
  /** At most, thoughts aside. */
  outputTokens: number;
  /** At most, thoughts aside; null without a price. */
  cost: number | null;
}

export const DEFAULTS = { concurrency: 4, retries: 5, timeout: 60_000, maxTokens: 512 } as const;

const KNOWN: Record<keyof JudgeOptions, true> = {
  url: true,
  model: true,
  apiKey: true,
  pairs: true,
  concurrency: true,
  retries: true,
  timeout: true,
  maxTokens: true,
  price: true,
  onEstimate: true,
};

/**
 * @param methods names that pairs may hold
 * @throws ArgsearchError OPTION_INVALID
 */
export function checkJudge(options: JudgeOptions, methods: readonly string[]): void {
  onlyKnown("judge", plainObject("judge", options), Object.keys(KNOWN));
  if (!URL.canParse(nonEmptyText("judge.url", options.url))) throw invalid("judge.url", "a URL as http://localhost:8080/v1", options.url);
  nonEmptyText("judge.model", options.model);
  integer("judge.concurrency", options.concurrency ?? DEFAULTS.concurrency, { min: 1, max: 64 });
  integer("judge.retries", options.retries ?? DEFAULTS.retries, { min: 0, max: 20 });
  integer("judge.timeout", options.timeout ?? DEFAULTS.timeout, { min: 1, max: 2 ** 31 - 1 });
  integer("judge.maxTokens", options.maxTokens ?? DEFAULTS.maxTokens, { min: 1, max: 1_000_000 });
  if (options.pairs === undefined || options.pairs.length === 0)
    throw invalid("judge.pairs", "at least one [method, baseline]", options.pairs);
  for (const name of options.pairs.flat()) if (!methods.includes(name)) throw invalid("judge.pairs", `of ${methods.join(", ")}`, name);
}
