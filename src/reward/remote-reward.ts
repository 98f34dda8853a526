/** The reward function that asks a server. */

import { ArgsearchError } from "../errors.js";
import { isConversation, messagesOf } from "../messages.js";
import { ChatFormat } from "../model/chat.js";
import { type ResolvedTemplate, templateOf } from "../model/template-options.js";
import { type Ends, RemoteClient } from "../remote/client.js";
import { hostOf, requireTokens, resolveServer, SERVER, shownUrl } from "../remote/options.js";
import { classify, type Scorable, scoreTexts } from "../remote/ratings.js";
import type { Prompt, RemoteReward, RewardAt, RewardCandidate, RewardContext, RewardFunction } from "../types.js";
import { checkNames, given, integer, type Names, nonEmptyText, oneOf, requireNone } from "../validate.js";
import { asWhole, type CallContext } from "./whole.js";

const REMOTE: Names<RemoteReward> = {
  ...SERVER,
  api: true,
  model: true,
  name: true,
  label: true,
  rewardAt: true,
  chatTemplate: true,
};

const OWN_AFFAIR = 'is of api "vllm": a server of argsearch writes and reads texts as its own model\'s file says';

interface ResolvedReward extends Pick<RemoteReward, "model" | "label"> {
  client: RemoteClient;
  rewardAt: RewardAt;
  /** Its own; undefined: the policy's. */
  format: ChatFormat | undefined;
}

export function isRemote(reward: unknown): reward is RemoteReward {
  return typeof reward === "object" && reward !== null && "url" in reward;
}

/** @param option what messages call it; @param template of the term that it is in @throws ArgsearchError OPTION_INVALID, TEMPLATE_INVALID */
export function remoteReward(option: string, reward: RemoteReward, template?: string): RewardFunction {
  checkNames(option, reward, REMOTE);
  const { model, name, label, rewardAt, chatTemplate = template } = reward;
  const api = oneOf(`${option}.api`, reward.api, ["vllm", "argsearch"]);
  if (api === "argsearch") requireNone(option, { label, rewardAt, chatTemplate, specialTokens: reward.specialTokens }, OWN_AFFAIR);
  const server = resolveServer(reward, { name: option, what: "the reward server", variable: "ARGSEARCH_REWARD_API_KEY" });
  const resolved: ResolvedReward = {
    client: new RemoteClient(server),
    model: given(model, undefined, (value) => nonEmptyText(`${option}.model`, value)),
    label: given(label, undefined, (value) => integer(`${option}.label`, value, { min: 0, max: 2 ** 31 - 1 })),
    rewardAt: given(rewardAt, "last", (value) => oneOf(`${option}.rewardAt`, value, ["last", "end"])),
    format: given(chatTemplate, undefined, (value) => formatOf(nonEmptyText(`${option}.chatTemplate`, value), option, reward)),
  };
  const ask = api === "vllm" ? rateByClass : rateByScore;
  const objective = given(name, undefined, (value) => nonEmptyText(`${option}.name`, value));
  const identity = JSON.stringify([
    shownUrl(server.url),
    api,
    resolved.model,
    resolved.label,
    resolved.rewardAt,
    chatTemplate,
    server.specialTokens,
  ]);
  return asWhole(objective ?? resolved.model ?? hostOf(server.url), (candidates, context) => ask(resolved, candidates, context), identity);
}

/** @throws ArgsearchError OPTION_INVALID, TEMPLATE_INVALID */
function formatOf(chatTemplate: string, option: string, { url, specialTokens = {} }: RemoteReward): ChatFormat {
  requireTokens(chatTemplate, specialTokens, option);
  const { bos_token: bosText = "", eos_token: eosText = "" } = specialTokens;
  const path = shownUrl(new URL(url));
  const format = new ChatFormat({ path, chatTemplate, bosText, eosText, specialTokens, templateOption: `${option}.chatTemplate` });
  format.check();
  return format;
}

type Context = RewardContext & Partial<CallContext>;

function endsOf({ signal, closing }: Context): Ends {
  return { signal, closing };
}

async function rateByClass(
  { client, model, label, rewardAt, format }: ResolvedReward,
  candidates: readonly RewardCandidate[],
  context: Context,
): Promise<number[]> {
  const { prompt, template = templateOf(), rewardAt: wanted = rewardAt } = context;
  const written =
    format ?? context.format ?? new ChatFormat({ path: shownUrl(client.server.url), chatTemplate: null, bosText: "", eosText: "" });
  const texts = candidates.map(({ response, end }) => textOf(written, { prompt, response, template, atEnd: end && wanted === "end" }));
  const templated = texts.some((text) => text.templated);
  return classify(client, { model, texts: texts.map(({ text }) => text), templated, label }, endsOf(context));
}

interface ToWrite {
  prompt: Prompt;
  response: string;
  template: ResolvedTemplate;
  atEnd: boolean;
}

/** A conversation as far as it goes; without a template the response stands behind the prompt. */
function textOf(format: ChatFormat, { prompt, response, template, atEnd }: ToWrite): { text: string; templated: boolean } {
  if (prompt === "") return { text: response, templated: false };
  const place = response.trim() === "" ? null : format.renderAnswered(prompt, response, template);
  if (place !== null) return { text: `${place.before.value}${response}${atEnd ? place.after.value : ""}`, templated: true };
  const { text, templated } = format.render(prompt, template);
  return { text: text + response, templated };
}

async function rateByScore({ client, model }: ResolvedReward, candidates: readonly RewardCandidate[], context: Context): Promise<number[]> {
  const { prompt, template } = context;
  const raw = prompt === "" || template?.mode === "none";
  const asked = raw ? promptText(prompt) : plainPrompt(prompt);
  // The server takes no empty texts, and a draft may be one.
  const inputs = candidates.map(
    ({ response }): Scorable => (raw ? { text: `${asked}${response}` || " " } : { prompt: asked, response: response || " " }),
  );
  return scoreTexts(client, model, inputs, endsOf(context));
}

function promptText(prompt: Prompt): string {
  const messages = messagesOf(prompt);
  return typeof messages === "string" ? messages : messages.map(({ content }) => content).join("\n");
}

/** @throws ArgsearchError OPTION_INVALID for what the server does not take */
function plainPrompt(prompt: Prompt): unknown {
  if (!isConversation(prompt)) return prompt;
  const { messages, ...others } = prompt;
  const name = Object.entries(others).find(([, value]) => value != null)?.[0];
  if (name === undefined) return messages;
  const message = `a prompt's ${name} cannot be sent to a reward server of api "argsearch": it takes texts and messages`;
  throw new ArgsearchError("OPTION_INVALID", message, { option: "prompt" });
}
