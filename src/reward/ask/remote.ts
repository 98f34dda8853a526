/** Questions to a model on an OpenAI-compatible server, read from its log-probabilities. */
import { ArgsearchError } from "../../errors.js";
import { isJsonObject } from "../../files/json.js";
import { contentText, messagesOf } from "../../messages.js";
import { atOnce } from "../../remote/at-once.js";
import { type Ends, RemoteClient } from "../../remote/client.js";
import type { RewardFunction } from "../../types.js";
import { asWhole } from "../whole.js";
import { answerBegunBy, opinionOf } from "./answer.js";
import { askIdentity, type RemoteAsk } from "./options.js";
import { questioned, UNTHINKING } from "./question.js";
import { Unanswered } from "./unanswered.js";

const PATH = "/v1/chat/completions";

/** As many as OpenAI gives. */
const TOP = 20;

/** What servers may not know, by the name that a refusal of it holds: left out, or called otherwise, once it has been refused. */
const FIELDS = {
  chat_template_kwargs: { chat_template_kwargs: UNTHINKING },
  temperature: { temperature: 0 },
  max_tokens: { max_tokens: 1 },
} as const;

type Field = keyof typeof FIELDS;

interface Asking {
  ask: RemoteAsk;
  client: RemoteClient;
  refused: Set<Field>;
  unanswered: Unanswered;
}

/** @throws ArgsearchError OPTION_INVALID */
export function remoteAsk(ask: RemoteAsk): RewardFunction {
  const asking = {
    ask,
    client: new RemoteClient(ask.server),
    refused: new Set<Field>(),
    unanswered: new Unanswered(ask.question, ask.model),
  };
  const rate = async (candidates: readonly { response: string }[], context: Context): Promise<number[]> => {
    const rewards: number[] = [];
    await atOnce([...candidates.entries()], async ([place, { response }]) => {
      rewards[place] = await rateOne(asking, messagesFor(context, response, ask), context);
    });
    return rewards;
  };
  return asWhole(ask.name, rate, askIdentity(ask));
}

type Context = Parameters<Parameters<typeof asWhole>[1]>[1];

function messagesFor({ prompt }: Context, reply: string, ask: RemoteAsk): unknown {
  const asked = messagesOf(questioned(prompt, reply, ask));
  return typeof asked === "string" ? asked : asked.map((message) => ({ ...message, content: contentText(message) }));
}

async function rateOne(asking: Asking, messages: unknown, { signal, closing }: Context): Promise<number> {
  const { ask, client, unanswered } = asking;
  const answer = await complete(asking, messages, { signal, closing });
  const sides: [number[], number[]] = [[], []];
  for (const { token, logprob } of topOf(client, answer, ask.option)) {
    const side = answerBegunBy(token, ask.answers);
    if (side !== undefined) sides[side].push(logprob);
  }
  const opinion = opinionOf(...sides);
  unanswered.note(opinion.answered);
  return opinion.reward;
}

/** Asks again without what is refused by its name. */
async function complete({ ask, client, refused }: Asking, messages: unknown, ends: Ends): Promise<unknown> {
  for (;;) {
    const sent = (Object.keys(FIELDS) as Field[]).filter((name) => !refused.has(name));
    const limit = refused.has("max_tokens") ? { max_completion_tokens: 1 } : {};
    const body = { model: ask.model, messages, logprobs: true, top_logprobs: TOP, ...limit };
    try {
      return await client.ask(PATH, Object.assign(body, ...sent.map((name) => FIELDS[name])), ends);
    } catch (error) {
      const field = refusedField(error, sent);
      if (field === undefined) throw told(error, ask.option);
      refused.add(field);
    }
  }
}

function refusedField(error: unknown, sent: readonly Field[]): Field | undefined {
  if (!isRefusal(error)) return undefined;
  return sent.find((name) => error.message.includes(name));
}

/** What asks for log-probabilities may be what is refused. */
function told(error: unknown, option: string): unknown {
  if (!isRefusal(error) || !/logprobs/i.test(error.message)) return error;
  return error.rephrased(`${error.message}. ${option} needs log-probabilities: ${CURE}`);
}

function isRefusal(error: unknown): error is ArgsearchError {
  return error instanceof ArgsearchError && error.code === "REMOTE_FAILED" && [400, 422].includes(error.details?.status ?? 0);
}

const CURE = "take a model and a server that give them (vLLM, SGLang, llama.cpp's server, OpenAI's models that do not think)";

interface TopToken {
  token: string;
  logprob: number;
}

/** The likeliest first tokens. @throws ArgsearchError REMOTE_INVALID */
function topOf(client: RemoteClient, answer: unknown, option: string): TopToken[] {
  const choices = isJsonObject(answer) ? answer.choices : undefined;
  const choice: unknown = Array.isArray(choices) ? choices[0] : undefined;
  if (!isJsonObject(choice)) throw client.invalid(PATH, 'answers without "choices": it is no chat completion');
  const content = isJsonObject(choice.logprobs) ? choice.logprobs.content : undefined;
  const first: unknown = Array.isArray(content) ? content[0] : undefined;
  const top = isJsonObject(first) ? first.top_logprobs : undefined;
  const found = Array.isArray(top) ? top.filter(isTopToken) : [];
  if (found.length > 0) return found;
  throw client.invalid(PATH, `gives no log-probabilities of its answer, which ${option} is read from: ${CURE}`);
}

function isTopToken(value: unknown): value is TopToken {
  return isJsonObject(value) && typeof value.token === "string" && typeof value.logprob === "number" && !Number.isNaN(value.logprob);
}
