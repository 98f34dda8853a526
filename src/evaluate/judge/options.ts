/** Win–tie rates by a judge behind an OpenAI-compatible endpoint. */
export interface JudgeOptions {
  /** Base URL, for example "http://localhost:8080/v1". */
  url: string;
  /** The endpoint's name of the model. */
  model: string;
  /** Default the environment's OPENAI_API_KEY; servers of your own often ask for none. */
  apiKey?: string | undefined;
  /** What to compare: [method, baseline]; default every guided method against "greedy". */
  pairs?: readonly (readonly [string, string])[] | undefined;
  /** Requests at once, 1 to 64; default 4. */
  concurrency?: number | undefined;
  /** Tries again after 429, 5xx, a torn answer or a broken connection, 0 to 20, waiting longer each time; default 5. */
  retries?: number | undefined;
  /** Milliseconds until an answer counts as lost; default 120,000. */
  timeout?: number | undefined;
  /** Longest verdict, tokens; default 512: the scores come first, the explanation is not needed whole. */
  maxTokens?: number | undefined;
  /** Prices in one currency for a million tokens in and out, for the estimate. */
  price?: { input: number; output: number } | undefined;
  /** Called before the first request. False: nothing is sent. */
  onEstimate?: ((estimate: JudgeEstimate) => boolean | undefined | Promise<boolean | undefined>) | undefined;
}

/** What judging will take, at four characters a token. */
export interface JudgeEstimate {
  /** Verdicts wanted, and of these the ones not in the cache. */
  verdicts: number;
  requests: number;
  inputTokens: number;
  /** At most. */
  outputTokens: number;
  /** At most; null without a price. */
  cost: number | null;
}
