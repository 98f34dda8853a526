/** Questions as rewards: defaults and validation. */
import { ArgsearchError } from "../../errors.js";
import { type ResolvedServer, resolveServer, shownUrl } from "../../remote/options.js";
import type { AskReward } from "../../types.js";
import { checkNames, given, invalid, type Names, nonEmptyText, requireNone } from "../../validate.js";

export type Answers = readonly [yes: string, no: string];

interface Question {
  /** What messages call it: "reward[0]". */
  option: string;
  question: string;
  answers: Answers;
  /** Of the objective. */
  name: string;
}

/** A question to a model in this process. */
export interface LocalAsk extends Question {
  /** Undefined: the policy. */
  model: string | undefined;
  template: { text: string; option: string } | undefined;
  /** As it was given, for another process. */
  given: AskReward;
}

/** A question to a server's model. */
export interface RemoteAsk extends Question {
  model: string;
  server: ResolvedServer;
}

const ASK: Names<AskReward> = {
  ask: true,
  model: true,
  answers: true,
  name: true,
  chatTemplate: true,
  url: true,
  apiKey: true,
  timeout: true,
  retries: true,
};

/** Characters of a question that an objective is called by. */
const LONGEST_NAME = 40;

export function isAsk(reward: unknown): reward is AskReward {
  return typeof reward === "object" && reward !== null && "ask" in reward;
}

/**
 * @param option what messages call it
 * @param template of the term that it is in
 * @throws ArgsearchError OPTION_INVALID
 */
export function resolveAsk(option: string, reward: AskReward, template?: { text: string; option: string }): LocalAsk | RemoteAsk {
  checkNames(option, reward, ASK);
  const { model, url } = reward;
  const asked = questionOf(`${option}.ask`, reward.ask);
  const question = {
    option,
    question: asked,
    answers: given(reward.answers, ["yes", "no"] as const, (value) => answersOf(`${option}.answers`, value)),
    name: given(reward.name, shortened(asked), (value) => nonEmptyText(`${option}.name`, value)),
  };
  if (url !== undefined) return { ...question, ...serverOf(option, { ...reward, url }, template?.text) };
  requireNone(
    option,
    { apiKey: reward.apiKey, timeout: reward.timeout, retries: reward.retries },
    "is of a question to a server: give its url",
  );
  const own = given(reward.chatTemplate, undefined, (value) => nonEmptyText(`${option}.chatTemplate`, value));
  return {
    ...question,
    model: given(model, undefined, (value) => nonEmptyText(`${option}.model`, value)),
    template: own === undefined ? template : { text: own, option: `${option}.chatTemplate` },
    given: reward,
  };
}

/** What its numbers depend on, a local model's file aside. */
export function askIdentity(ask: LocalAsk | RemoteAsk): string {
  const { question, answers } = ask;
  const by = "server" in ask ? [shownUrl(ask.server.url), ask.model] : [ask.template?.text];
  return JSON.stringify(["ask", question, answers, ...by]);
}

function serverOf(option: string, reward: AskReward & { url: string }, template: string | undefined): Pick<RemoteAsk, "model" | "server"> {
  requireNone(
    option,
    { chatTemplate: reward.chatTemplate ?? template },
    "is not of a question with url: a server writes conversations itself",
  );
  if (reward.model === undefined) {
    throw new ArgsearchError("OPTION_INVALID", `${option}.model must name the server's model, which url needs`, {
      option: `${option}.model`,
    });
  }
  const model = nonEmptyText(`${option}.model`, reward.model);
  const server = resolveServer(reward, { name: option, what: "the server that is asked,", variable: "ARGSEARCH_REWARD_API_KEY" });
  return { model, server };
}

function questionOf(option: string, value: unknown): string {
  if (typeof value === "string" && value.trim() !== "") return value.trim();
  throw invalid(option, 'a question, such as "Is the reply polite?"', value);
}

function answersOf(option: string, value: unknown): Answers {
  const [yes, no, ...more] = Array.isArray(value) ? value : [];
  const words = [yes, no].map((word) => (typeof word === "string" ? word.trim() : ""));
  const [first, second] = words;
  const alike = first?.toLowerCase() === second?.toLowerCase();
  if (!first || !second || more.length > 0 || alike) throw invalid(option, 'two different words, as ["yes", "no"]', value);
  return [first, second];
}

function shortened(question: string): string {
  const line = question.replace(/\s+/g, " ");
  if (line.length <= LONGEST_NAME) return line;
  const whole = /^.*\s(?=\S)/.exec(line.slice(0, LONGEST_NAME))?.[0].trimEnd();
  return `${whole || line.slice(0, LONGEST_NAME - 1)}…`;
}
