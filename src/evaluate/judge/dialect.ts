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

  body(messages: readonly JudgeMessage[]): RequestBody {
    return {
      model: this.#model,
      messages: this.#system ? [...messages] : [{ role: "user", content: messages.map(({ content }) => content).join("\n\n") }],
      ...(this.#temperature && { temperature: TEMPERATURE }),
      ...(this.#limit !== null && { [this.#limit]: this.#tokens }),
    };
  }

  /** Whether to ask again, because it is now asked otherwise than in `sent`, which was refused. */
  learn(sent: RequestBody, status: number, message: string): boolean {
    if (this.#differs(sent)) return true;
    const ofForm = status === 400 || status === 422;
    // Where a template fails on the messages, servers have many statuses for it.
    if ((ofForm || status === 424 || status >= 500) && OF_SYSTEM.test(message)) this.#system = false;
    if (ofForm) this.#learnParameters(sent, message);
    return this.#differs(sent);
  }

  #learnParameters(sent: RequestBody, message: string): void {
    const ofTemperature = /\btemperature\b/i.test(message);
    if (ofTemperature) this.#temperature = false;
    const ofLimit = this.#limit !== null && new RegExp(`\\b${this.#limit}\\b`).test(message);
    if (OF_SIZE.test(message)) {
      if (ofLimit || !ofTemperature) this.#lower(sent);
    } else if (ofLimit) {
      this.#limit = this.#limit === "max_tokens" ? "max_completion_tokens" : null;
    }
  }

  /** Whether to ask again, because there is now more room than in `sent`, whose reply was all thought. Once a run. */
  raise(sent: RequestBody): boolean {
    if (this.#limit === null) return false;
    if (this.#mayRaise) this.#tokens = Math.max(ROOM_FOR_THOUGHT, 4 * this.#given);
    this.#mayRaise = false;
    return this.#tokens > tokensOf(sent);
  }

  /** Some models have less room than a raised limit asks for. */
  #lower(sent: RequestBody): void {
    if (this.#limit !== null) this.#tokens = Math.max(this.#given, Math.min(this.#tokens, Math.floor(tokensOf(sent) / 2)));
  }

  #differs(sent: RequestBody): boolean {
    const now = this.body([]);
    const system = sent.messages.some(({ role }) => role === "system");
    return (
      tokensOf(sent) !== tokensOf(now) ||
      Object.keys({ ...sent, ...now }).some((key) => key in sent !== key in now) ||
      system !== this.#system
    );
  }
}

export function tokensOf({ max_tokens, max_completion_tokens }: RequestBody): number {
  return max_tokens ?? max_completion_tokens ?? Number.POSITIVE_INFINITY;
}
