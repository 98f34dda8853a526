/** What Tab makes of a line: slash commands and their arguments. */
import { COMMANDS } from "./commands.js";

/** As readline takes it: what may stand in place of the second. */
export function complete(line: string): [hits: string[], typed: string] {
  const [, name, space, argument = ""] = /^\/(\S*)(\s+)?(.*)$/s.exec(line) ?? [];
  if (name === undefined) return [[], line];
  if (space === undefined) return [commandsFrom(name), line];
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  return [[...(command?.complete?.(argument) ?? [])], argument];
}

function commandsFrom(begun: string): string[] {
  return Object.entries(COMMANDS)
    .filter(([name]) => name.startsWith(begun))
    .map(([name, { usage }]) => `/${name}${usage.includes(" ") ? " " : ""}`);
}
