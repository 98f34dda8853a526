/** Reward functions of a decoder in another process: they stay where they were written, and are asked from there. */
import type { Answer } from "../isolate/remote-call.js";
import type { Parent } from "../isolate/serve-object.js";
import type { Prompt, RewardCandidate, RewardContext, RewardFunction, RewardSpec, RewardTerm } from "../types.js";
import { askOf } from "./ask/local.js";
import { callRewards } from "./functions.js";
import { type ResolvedTerm, specOf } from "./terms.js";
import { asWhole, type CallContext, isWhole } from "./whole.js";

/** What options hold in place of a function. */
interface Place extends Pick<RewardFunction, "ending"> {
  function: number;
  name: string;
  /** It asks a server: see isWhole(). */
  whole?: boolean;
}

type Given = RewardSpec | readonly RewardSpec[] | null | undefined;

export type SentReward = unknown;

/** What one candidate needs: its response is the one so far, and this. */
type SentCandidate = Omit<RewardCandidate, "response"> & { added: string };

interface Question {
  function: number;
  /** Left out where it is that of the same call's question before. */
  prompt?: Prompt;
  response: string;
  candidates: SentCandidate[];
}

/** Reward options with servers' rewards as the functions of their terms; questions to models go where those are loaded. */
export function specsOf(reward: Given, terms: readonly ResolvedTerm[]): Given {
  return terms.some((term) => isWhole(term.reward) && !askOf(term.reward)) ? terms.map(specOf) : reward;
}

/** Checked reward options as data, and the functions that they held, in the order of their numbers. */
export function withoutFunctions(reward: Given): { reward: SentReward; functions: RewardFunction[] } {
  const functions: RewardFunction[] = [];
  const send = <T>(value: T | RewardFunction): T | Place => {
    if (typeof value !== "function") return value;
    const { name, ending } = value as RewardFunction;
    const whole = isWhole(value) && { whole: true };
    return { function: functions.push(value as RewardFunction) - 1, name, ...(ending && { ending }), ...whole };
  };
  return { reward: mapRewards(reward, send), functions };
}

/** The same options again, with functions that ask the parent's. */
export function withFunctions(reward: SentReward, parent: Parent): Given {
  const prompts = new WeakMap<AbortSignal, Prompt>();
  const receive = <T>(value: T | Place): T | RewardFunction => (isPlace(value) ? askingFunction(value, parent, prompts) : value);
  return mapRewards(reward as Given, receive as <T>(value: T) => T) as Given;
}

/** Applies `change` to whatever stands as a reward: a spec, or the one of a term. */
function mapRewards(reward: Given, change: <T>(value: T) => unknown): unknown {
  const changeOne = (spec: RewardSpec): unknown => {
    const isTerm = typeof spec === "object" && spec !== null && "reward" in spec;
    return isTerm ? { ...(spec as RewardTerm), reward: change((spec as RewardTerm).reward) } : change(spec);
  };
  return Array.isArray(reward) ? reward.map(changeOne) : reward == null ? reward : changeOne(reward as RewardSpec);
}

function isPlace(value: unknown): value is Place {
  return typeof value === "object" && value !== null && typeof (value as Partial<Place>).function === "number";
}

function askingFunction(
  { function: index, name, ending, whole }: Place,
  parent: Parent,
  prompts: WeakMap<AbortSignal, Prompt>,
): RewardFunction {
  const ask = async (candidates: readonly RewardCandidate[], { prompt, response, signal }: RewardContext): Promise<number[]> => {
    const sent = candidates.map(({ response: whole, ...rest }) => ({ ...rest, added: whole.slice(response.length) }));
    const question: Question = { function: index, response, candidates: sent };
    if (signal && prompts.get(signal) !== prompt) {
      question.prompt = prompt;
      prompts.set(signal, prompt);
    }
    return (await parent.ask(signal, question)) as number[];
  };
  if (whole) return asWhole(name, ask);
  return Object.assign(Object.defineProperty(ask as RewardFunction, "name", { value: name }), ending && { ending });
}

/**
 * Answers one call's questions with the functions, whose context has the caller's own signal.
 *
 * @throws ArgsearchError as callRewards()
 */
export function answerWith(
  functions: readonly RewardFunction[],
  signal: AbortSignal | undefined,
  call: Partial<CallContext> = {},
): Answer | undefined {
  if (functions.length === 0) return undefined;
  let prompt: Prompt = "";
  return async (about) => {
    const question = about as Question;
    const { function: index, response } = question;
    prompt = question.prompt ?? prompt;
    const reward = functions[index];
    if (reward === undefined) throw new Error(`there is no reward function ${index}`);
    const candidates = question.candidates.map(({ added, ...rest }) => ({ ...rest, response: response + added }));
    const term = { name: reward.name || "function", weight: 1, reward };
    const [values] = await callRewards([term], candidates, { prompt, response, signal }, call);
    return values;
  };
}
