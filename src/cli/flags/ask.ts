/** The flags of rewards in plain words. */
import { type Command, InvalidArgumentError } from "commander";
import { ArgsearchError, type RewardTerm } from "../../index.js";
import { parseNumber } from "./values.js";

export interface AskFlags {
  ask?: Question[];
  askModel?: string;
  askUrl?: string;
}

export interface Question {
  question: string;
  weight?: number | undefined;
}

export function addAskFlags(command: Command): void {
  command
    .optionsGroup("Models:")
    .option(
      "--ask <question[=weight]>",
      'reward in plain words, "Is the reply polite?": how likely yes is; repeatable; meant for --method blocks (and score): per token it is dear',
      asked,
    );
  addAskedFlags(command);
}

/** Who answers. */
export function addAskedFlags(command: Command): void {
  command
    .option("--ask-model <file>", "instruct model that answers --ask (default: the policy); with --ask-url the server's name of it")
    .option("--ask-url <url>", "OpenAI-compatible server that answers --ask, with log-probabilities; its key: ARGSEARCH_REWARD_API_KEY");
}

/** `QUESTION` or `QUESTION=WEIGHT`. */
export function asked(text: string, previous: Question[] = []): Question[] {
  const split = text.lastIndexOf("=");
  const weight = split < 0 ? undefined : parseNumber(text.slice(split + 1));
  const question = weight === undefined ? text : text.slice(0, split);
  if (question.trim() === "") throw new InvalidArgumentError(`No question in "${text}".`);
  return [...previous, { question, weight }];
}

/** One term a question; none without. `common`: a template for models that have none of their own. @throws ArgsearchError OPTION_INVALID */
export function askTerms({ ask = [], askModel: model, askUrl: url }: AskFlags, common?: string): RewardTerm[] {
  if (ask.length === 0 && (model !== undefined || url !== undefined)) {
    throw new ArgsearchError("OPTION_INVALID", "--ask-model and --ask-url need the --ask that they answer");
  }
  const chatTemplate = url === undefined ? common : undefined;
  return ask.map(({ question, weight }) => ({ reward: { ask: question, model, url }, weight, chatTemplate }));
}

/** Where there is no policy that could answer. @throws ArgsearchError OPTION_INVALID */
export function requireAskModel({ ask = [], askModel }: AskFlags): void {
  if (ask.length === 0 || askModel !== undefined) return;
  throw new ArgsearchError("OPTION_INVALID", "--ask needs --ask-model here, the instruct model that answers: no policy is loaded to score");
}

/** The file that is read for them. */
export function askFiles({ askModel, askUrl }: AskFlags): string[] {
  return askModel === undefined || askUrl !== undefined ? [] : [askModel];
}
