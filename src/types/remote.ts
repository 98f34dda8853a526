/** Rewards and policies of other processes and machines, asked over HTTP. */
/** How a server is asked. */
export interface RemoteServer {
  /** Base URL, "http://localhost:8000", with or without "/v1" at its end. Without a user name and password: see apiKey. */
  url: string;
  /** Sent as a bearer token. Default: the environment's ARGSEARCH_REWARD_API_KEY or ARGSEARCH_POLICY_API_KEY; an empty one is none. */
  apiKey?: string | undefined;
  /** Milliseconds until an answer, whole, counts as lost, from 1; default 60,000. */
  timeout?: number | undefined;
  /** Tries again after 408, 409, 429, 5xx, a torn or late answer or a failed connection, 0 to 20, waiting longer each time; default 5. */
  retries?: number | undefined;
  /**
   * Texts that a chat template may ask for, by their names in transformers: { bos_token: "<s>", eos_token: "</s>" }. Default: those of the model
   * whose template it is, where that is known; a `chatTemplate` of yours has none. A template that asks for one that is missing is OPTION_INVALID.
   */
  specialTokens?: Readonly<Record<string, string>> | undefined;
}

/**
 * A reward that a server gives to whole texts: to the drafts of a block, to the candidates of a token (which costs a request a token, and warns), to
 * responses in score(). One request rates all that is to be chosen among.
 */
export interface RemoteReward extends RemoteServer {
  /**
   * What the server speaks. "vllm": `POST /classify` with `use_activation: false`, on texts that are written here. "argsearch": `POST /v1/score` of
   * `argsearch serve`, which writes them by its reward model's own chat template.
   */
  api: "vllm" | "argsearch";
  /** The server's name of the model; default: the one that it serves. */
  model?: string | undefined;
  /** Name of the objective; default: `model`, else the host and port of `url`. */
  name?: string | undefined;
  /** "vllm": which of the model's classes is the reward, from 0; needed where there are several. */
  label?: number | undefined;
  /**
   * "vllm": what the text of a response that has ended is. "last" (default): it ends with the response; "end": the chat template's end of the turn follows,
   * as most reward models were trained. A call's `rewardAt` goes before it. Drafts that go on end where they are.
   */
  rewardAt?: "last" | "end" | undefined;
  /** "vllm": Jinja, how a conversation becomes a text; default: the policy's chat template. Without either a text is followed by the response as it is. */
  chatTemplate?: string | undefined;
}

/**
 * A policy that a server runs: any that has OpenAI's `POST /v1/completions`, such as vLLM, llama.cpp's server or SGLang. It gives texts, no tokens: methods
 * "blocks", "greedy" and "sample". Its chat template is load()'s `chatTemplate`, else the one that llama.cpp's server tells; without one prompts are texts,
 * taken as they are.
 */
export interface RemotePolicy extends RemoteServer {
  /** The server's name of the model. */
  model: string;
}
