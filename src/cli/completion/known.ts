/** What a shell can complete, out of the program's own tables of commands, flags and arguments. */
import type { Argument, Command, Option } from "commander";

/** What may stand where a value does; nothing of both for a text or a number. */
export interface Values {
  choices: readonly string[];
  files: boolean;
}

export interface KnownFlag {
  short: string | undefined;
  long: string;
  description: string;
  /** Undefined for one that takes none. */
  values: Values | undefined;
}

export interface KnownCommand {
  /** Names from below the program down; the program's own is empty. */
  path: readonly string[];
  description: string;
  subcommands: readonly KnownCommand[];
  flags: readonly KnownFlag[];
  /** Of its first argument. */
  values: Values | undefined;
}

/** Without what the help hides. */
export function knownCommand(command: Command, path: readonly string[] = []): KnownCommand {
  const help = command.createHelp();
  const [argument] = command.registeredArguments;
  const visible = help.visibleCommands(command).filter((each) => each.name() !== "help");
  return {
    path,
    description: brief(command.description()),
    subcommands: visible.map((each) => knownCommand(each, [...path, each.name()])),
    flags: help.visibleOptions(command).map(knownFlag),
    values: argument && valuesOf(argument.argChoices, argument.name()),
  };
}

/** A command with all that lie below it. */
export function withSubcommands(command: KnownCommand): KnownCommand[] {
  return [command, ...command.subcommands.flatMap(withSubcommands)];
}

function knownFlag({ short, long, description, flags, argChoices }: Option): KnownFlag {
  const [, placeholder] = /[<[](.+)[>\]]$/.exec(flags) ?? [];
  const values = placeholder === undefined ? undefined : valuesOf(argChoices, placeholder);
  return { short: short ?? undefined, long: long ?? "", description: brief(description), values };
}

/** Its first part: a shell has one line for it. */
function brief(description: string): string {
  return (description.split(/; |\.\s|\.$/)[0] ?? "").trim();
}

/** What is typed in a placeholder such as "file", "file[=weight]", "auto|none|file" or "n|response". */
function valuesOf(choices: Argument["argChoices"], placeholder: string): Values {
  if (choices !== undefined) return { choices, files: false };
  const parts = placeholder.split("|").map((part) => part.replace(/(\[.*\]?|\.\.\.)$/, ""));
  const isFile = (part: string): boolean => ["file", "dir"].includes(part);
  const isWord = (part: string): boolean => /^[a-z][a-z\d_]+$/.test(part) && !isFile(part);
  return { choices: parts.length < 2 ? [] : parts.filter(isWord), files: parts.some(isFile) };
}
