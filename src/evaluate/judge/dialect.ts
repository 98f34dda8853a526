/** What an endpoint takes of a request. Compatible ones differ, and say so only when they refuse: what is learned holds for the run. */
import type { JudgeMessage } from "./scheme.js";

export interface RequestBody {
  model: string;
  messages: { role: "system" | "user"; content: string }[];
  temperature?: number;
  max_tokens?: number;
  max_completion_tokens?: number;
}

/** As in the paper's published code. */
const TEMPERATURE = 0.7;

/** A judge that thinks gets at least so many tokens. */
const ROOM_FOR_THOUGHT = 8192;

/** The number is what is wrong, not the parameter; or the question is too long, which says nothing of the others. */
const OF_SIZE =
  /too (?:large|long|big|high|many)|context (?:length|window|limit|size)|maximum (?:context|allowed|value|of)|exceed|input tokens|at most|less than|greater than|range|<=|>=/i;

/** The question and its reply do not fit: another may. */
const OF_CONTEXT = /context|input|prompt/i;

const OF_SYSTEM =
  /system[ _]?(?:role|message|prompt|instruction)|developer instruction|roles?\b(?!["']?\s*:).{0,60}\bsystem\b|messages\[0\]\.role|roles must alternate/i;

export class Dialect {
  readonly #model: string;
  /** Tokens wanted, and asked for. */
  readonly #given: number;
  #tokens: number;
  #limit: "max_tokens" | "max_completion_tokens" | null = "max_tokens";
  #temperature = true;
  #system = true;
  #mayRaise = true;

  constructor(model: string, maxTokens: number) {
    this.#model = model;
    this.#given = maxTokens;
    this.#tokens = maxTokens;
  }

  /** What is asked otherwise than at first, in words. */
  get changes(): string[] {
    return [
      ...(this.#limit === "max_completion_tokens" ? ["max_completion_tokens in place of max_tokens"] : []),
      ...(this.#limit === null ? ["no limit of tokens"] : []),
      ...(this.#limit !== null && this.#tokens !== this.#given ? [`${this.#tokens} tokens a reply`] : []),
      ...(this.#temperature ? [] : ["no temperature"]),
      ...(this.#system ? [] : ["the instructions in the user's message"]),
    ];
  }

  /** @param most tokens that this question leaves room for */
  body(messages: readonly JudgeMessage[], most = Number.POSITIVE_INFINITY): RequestBody {
    return {
      model: this.#model,
      messages: this.#system ? [...messages] : [{ role: "user", content: messages.map(({ content }) => content).join("\n\n") }],
      ...(this.#temperature && { temperature: TEMPERATURE }),
      ...(this.#limit !== null && { [this.#limit]: Math.min(this.#tokens, most) }),
    };
  }

  /** Whether to ask again, because it is now asked otherwise than in `sent`, which was refused. */
  learn(sent: RequestBody, status: number, message: string): boolean {
    if (this.#differs(sent)) return true;
    // Where a template fails on the messages, servers have many statuses for it.
    if ((isOfForm(status) || status === 424 || status >= 500) && OF_SYSTEM.test(message)) this.#system = false;
    if (isOfForm(status) && /\btemperature\b/i.test(message)) this.#temperature = false;
    if (isOfForm(status) && this.#limit !== null && new RegExp(`\\b${this.#limit}\\b`).test(message) && !OF_SIZE.test(message)) {
      this.#limit = this.#limit === "max_tokens" ? "max_completion_tokens" : null;
    }
    return this.#differs(sent);
  }

  /** Whether to ask again, because there is now more room than in `sent`, whose reply was all thought. Raised once a run. */
  raise(sent: RequestBody, most: number): boolean {
    if (this.#mayRaise && this.#limit !== null) this.#tokens = Math.max(ROOM_FOR_THOUGHT, 4 * this.#given);
    this.#mayRaise = false;
    return Math.min(this.#tokens, most) > tokensOf(sent);
  }

  /** Fewer tokens to try with, where a raised limit was refused for its size: for this question, or the model itself has no more. */
  less(sent: RequestBody, status: number, message: string): number | null {
    const tokens = tokensOf(sent);
    if (!isOfForm(status) || !OF_SIZE.test(message) || !Number.isFinite(tokens) || tokens <= this.#given) return null;
    const fewer = Math.max(this.#given, Math.floor(tokens / 2));
    if (!OF_CONTEXT.test(message)) this.#tokens = Math.min(this.#tokens, fewer);
    return fewer;
  }

  /** The number of tokens aside. */
  #differs(sent: RequestBody): boolean {
    const now = this.body([]);
    const system = sent.messages.some(({ role }) => role === "system");
    return system !== this.#system || Object.keys({ ...sent, ...now }).some((key) => key in sent !== key in now);
  }
}

function isOfForm(status: number): boolean {
  return status === 400 || status === 422;
}

/** Infinite without a limit. */
export function tokensOf({ max_tokens, max_completion_tokens }: RequestBody): number {
  return max_tokens ?? max_completion_tokens ?? Number.POSITIVE_INFINITY;
}
