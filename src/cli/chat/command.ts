/** What a slash command is. */
import { ArgsearchError } from "../../index.js";
import { parseNumber } from "../flags/values.js";
import type { ChatSession } from "./session.js";

/** What to tell the user: `says` on a terminal alone, `shows`, which was asked for, in a pipe as well. */
export interface Reply {
  says?: string;
  shows?: string;
}

export interface SlashCommand {
  /** "/weight W" */
  usage: string;
  help: string;
  /** What is set, in a word or two. */
  now?(session: ChatSession): string;
  /** What Tab may make of the argument so far. */
  complete?(argument: string): readonly string[];
  /** @throws ArgsearchError OPTION_INVALID for a wrong argument; nothing is lost then */
  run(session: ChatSession, argument: string): Reply | Promise<Reply>;
}

export type Commands = Readonly<Record<string, SlashCommand>>;

export function invalid(message: string): ArgsearchError {
  return new ArgsearchError("OPTION_INVALID", message);
}

/** A command without an argument. */
export function bare(
  name: string,
  help: string,
  run: (session: ChatSession) => Reply | Promise<Reply>,
): Pick<SlashCommand, "usage" | "help" | "run"> {
  return {
    usage: `/${name}`,
    help,
    run: (session, argument) => {
      if (argument !== "") throw invalid(`/${name} takes nothing behind it; got "${argument}"`);
      return run(session);
    },
  };
}

/** A command that sets something; without an argument it shows what is set. */
export function setting(
  name: string,
  parts: Required<Pick<SlashCommand, "usage" | "help" | "now">> &
    Pick<SlashCommand, "complete"> & { set(session: ChatSession, argument: string): string },
): SlashCommand {
  const { set, ...rest } = parts;
  return {
    ...rest,
    run: (session, argument) => (argument === "" ? { shows: `${name} ${parts.now(session)}` } : { says: set(session, argument) }),
  };
}

/** @throws ArgsearchError OPTION_INVALID */
export function numberOf(command: string, argument: string): number {
  const value = parseNumber(argument);
  if (value === undefined) throw invalid(`${command} takes a number; got "${argument}"`);
  return value;
}

/** @throws ArgsearchError OPTION_INVALID */
export function oneOf<T extends string>(command: string, argument: string, choices: readonly T[]): T {
  const choice = choices.find((each) => each === argument);
  if (choice === undefined) throw invalid(`${command} takes ${choices.join(", ")}; got "${argument}"`);
  return choice;
}

/** Choices that begin as the argument does. */
export function startingWith(choices: readonly string[]): (argument: string) => readonly string[] {
  return (argument) => choices.filter((choice) => choice.startsWith(argument));
}
