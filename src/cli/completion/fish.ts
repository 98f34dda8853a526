import { type KnownCommand, type KnownFlag, type Values, withSubcommands } from "./known.js";

/** A script for fish. */
export function fishCompletion(name: string, program: KnownCommand): string {
  const lines = withSubcommands(program).flatMap((command) => {
    const [within, open] = conditionsOf(command);
    const subcommands = command.subcommands.map(({ path, description }) => [open, `-a ${path.at(-1)}`, `-d ${quoted(description)}`]);
    const flags = command.flags.map((flag) => [command.path.length === 0 ? open : within, ...flagWords(flag)]);
    const argument = command.values === undefined ? [] : [[within, ...valueWords(command.values)]];
    return [...subcommands, ...flags, ...argument].map((words) => `complete -c ${name} ${words.filter(Boolean).join(" ")}`);
  });
  return `# Completion of ${name} for fish.\ncomplete -c ${name} -f\n${lines.join("\n")}\n`;
}

/** That a command is being typed, and that none of its subcommands is yet. */
function conditionsOf({ path, subcommands }: KnownCommand): [within: string, open: string] {
  const seen = path.map((word) => `__fish_seen_subcommand_from ${word}`);
  const names = subcommands.map((each) => each.path.at(-1)).join(" ");
  const open = path.length === 0 ? ["__fish_use_subcommand"] : [...seen, `not __fish_seen_subcommand_from ${names}`];
  return [seen, open].map((all) => (all.length === 0 ? "" : `-n ${quoted(all.join("; and "))}`)) as [string, string];
}

function flagWords({ short, long, description, values }: KnownFlag): string[] {
  const names = [...(short === undefined ? [] : [`-s ${short.slice(1)}`]), `-l ${long.slice(2)}`];
  const value = values === undefined ? [] : [values.files ? "-r" : "-x", ...valueWords(values)];
  return [...names, ...value, `-d ${quoted(description)}`];
}

function valueWords({ choices, files }: Values): string[] {
  return [...(files ? ["-F"] : []), ...(choices.length === 0 ? [] : [`-a ${quoted(choices.join(" "))}`])];
}

/** Within single quotes a backslash stands for itself, but before a quote or another one. */
function quoted(text: string): string {
  return `'${text.replace(/['\\]/g, "\\$&")}'`;
}
