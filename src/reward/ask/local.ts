/** Questions to models in this process: functions that rate once their models are loaded. */
import { ArgsearchError } from "../../errors.js";
import type { ModelFile } from "../../model/load-models.js";
import type { Model } from "../../model/model.js";
import { tooLong } from "../../model/too-long.js";
import type { RewardFunction } from "../../types.js";
import { asWhole, type WholeReward } from "../whole.js";
import { opinionOf } from "./answer.js";
import { answerTokens } from "./answer-tokens.js";
import type { Judge } from "./judge.js";
import { askIdentity, type LocalAsk } from "./options.js";
import { questioned, questionTemplate } from "./question.js";
import { Unanswered } from "./unanswered.js";

const asks = new WeakMap<RewardFunction, LocalAsk>();

/** What is told, once a process, where each token's candidates are asked about. */
const PER_TOKEN = {
  code: "ARGSEARCH_ASK_PER_TOKEN",
  words: (method: string) =>
    `a question is asked about every candidate of each token of method "${method}": the question and its template, some 30 tokens, are decoded anew for each. Method "blocks" asks once in 16 tokens, and about drafts that say more than one token does; a reward model costs one token a candidate`,
};

/** It cannot be asked yet: see boundAsk(). */
export function localAsk(ask: LocalAsk): RewardFunction {
  return named(ask, async () => {
    throw new Error(`the model that answers ${JSON.stringify(ask.question)} is not loaded`);
  });
}

/** What it asks a model in this process; undefined for any other reward. */
export function askOf(reward: unknown): LocalAsk | undefined {
  return typeof reward === "function" ? asks.get(reward as RewardFunction) : undefined;
}

/** It is a model's file, or asks a model in this process. */
export function needsModel(reward: string | RewardFunction): boolean {
  return typeof reward === "string" || askOf(reward) !== undefined;
}

/** Some question goes to whatever policy there is. */
export function asksPolicy(terms: readonly { reward: string | RewardFunction }[]): boolean {
  return terms.some(({ reward }) => {
    const ask = askOf(reward);
    return ask !== undefined && ask.model === undefined;
  });
}

/**
 * The file to ask, with its template. @param policy whom those ask that name nobody
 *
 * @throws ArgsearchError OPTION_INVALID without one
 */
export function askedFile({ option, model, template }: LocalAsk, policy: ModelFile | undefined): ModelFile {
  if (model !== undefined) return { path: model, template, option: `${option}.model` };
  if (policy !== undefined) return { ...policy, template: template ?? policy.template };
  const message = `${option}.model must name the GGUF of an instruct model: there is no policy in this process to ask`;
  throw new ArgsearchError("OPTION_INVALID", message, { option: `${option}.model` });
}

/** The same reward, which asks. @throws ArgsearchError TEMPLATE_INVALID, OPTION_INVALID */
export function boundAsk(ask: LocalAsk, model: Model, judge: Judge): RewardFunction {
  const { question, answers, option } = ask;
  if (model.info.chatTemplate === null) {
    const message = `${model.info.path} has no chat template, by which a question is put: name an instruct model as ${option}.model, or give ${option}.chatTemplate`;
    throw new ArgsearchError("TEMPLATE_INVALID", message, { option: `${option}.model` });
  }
  const { yes, no } = answerTokens(model, answers, `${option}.answers`);
  const wanted = Int32Array.from([...yes, ...no]);
  const unanswered = new Unanswered(question, model.info.path);
  return named(ask, async (candidates, context) => {
    const template = questionTemplate(context.template);
    const texts = candidates.map(({ response }) => {
      const tokens = model.questionTokens(questioned(context.prompt, response, ask), template, answers[0]);
      return { tokens: requireRoom(tokens, model, judge), wanted };
    });
    const found = await judge.read(texts, context);
    return found.map((logProbs) => {
      const opinion = opinionOf([...logProbs.subarray(0, yes.length)], [...logProbs.subarray(yes.length)]);
      unanswered.note(opinion.answered);
      return opinion.reward;
    });
  });
}

function named(ask: LocalAsk, rate: WholeReward): RewardFunction {
  const reward = asWhole(ask.name, rate, askIdentity(ask), PER_TOKEN);
  asks.set(reward, ask);
  return reward;
}

function requireRoom(tokens: Int32Array, { info }: Model, { contextSize }: Judge): Int32Array {
  if (tokens.length <= contextSize) return tokens;
  const message = `conversation, reply and question have ${tokens.length} tokens for ${info.path}, the context holds ${contextSize}`;
  throw tooLong(message, { tokens: tokens.length, limit: contextSize, model: info.path }, [info], "them");
}
