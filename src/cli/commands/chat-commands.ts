import { resolveWeight } from "../../decode/options.js";
import { ArgsearchError, type ChatMessage, type GenerateOptions } from "../../index.js";
import { METHODS } from "../flags/flags.js";
import { parseNumber } from "../flags/values.js";
import { table } from "../terminal/format.js";

/** What the slash commands of `argsearch chat` may change. */
export interface Conversation {
  /** The messages a new conversation begins with. */
  readonly opening: readonly ChatMessage[];
  messages: readonly ChatMessage[];
  options: GenerateOptions;
  /** A reward was loaded. */
  readonly rewarded: boolean;
  over: boolean;
}

interface SlashCommand {
  usage: string;
  help: string;
  /** Returns what to tell the user; throws OPTION_INVALID. */
  run(conversation: Conversation, argument: string): string;
}

const COMMANDS: Readonly<Record<string, SlashCommand>> = {
  help: { usage: "/help", help: "these lines", run: help },
  reset: { usage: "/reset", help: "forget the conversation", run: reset },
  weight: { usage: "/weight W", help: "weight of the reward from the next answer on", run: setWeight },
  method: { usage: "/method M", help: METHODS.join(", "), run: setMethod },
  exit: { usage: "/exit", help: "leave (or Ctrl-D); Ctrl-C stops an answer", run: exit },
};

/** Runs a line that begins with "/"; the answer is for the user. */
export function runSlashCommand(conversation: Conversation, line: string): string {
  const [name = "", ...rest] = line.slice(1).trim().split(/\s+/);
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) throw invalid(`no command /${name}; /help lists them`);
  return command.run(conversation, rest.join(" "));
}

function help(): string {
  return table(Object.values(COMMANDS).map(({ usage, help }) => [usage, help])).trimEnd();
}

function reset(conversation: Conversation): string {
  conversation.messages = conversation.opening;
  return "forgotten";
}

function setWeight(conversation: Conversation, argument: string): string {
  const weight = parseNumber(argument);
  if (weight === undefined) throw invalid(`/weight takes a number; got "${argument}"`);
  resolveWeight(weight, conversation.options.combine ?? "interpolate", "/weight");
  conversation.options = { ...conversation.options, weight };
  return `weight ${weight}`;
}

function setMethod(conversation: Conversation, argument: string): string {
  const method = METHODS.find((name) => name === argument);
  if (method === undefined) throw invalid(`/method takes ${METHODS.join(", ")}; got "${argument}"`);
  if (method === "args" && !conversation.rewarded) throw invalid("/method args needs a reward: start the chat with --reward");
  conversation.options = { ...conversation.options, method };
  return `method ${method}`;
}

function exit(conversation: Conversation): string {
  conversation.over = true;
  return "bye";
}

function invalid(message: string): ArgsearchError {
  return new ArgsearchError("OPTION_INVALID", message);
}
