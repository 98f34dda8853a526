/** The slash commands of a chat, by what they are about. */
import { nearest } from "../../validate.js";
import { plural, rewardFigures, table } from "../terminal/format.js";
import { bare, type Commands, invalid, type Reply, type SlashCommand } from "./command.js";
import { CONVERSATION } from "./conversation-commands.js";
import { GUIDANCE } from "./guidance-commands.js";
import type { ChatSession } from "./session.js";

const ABOUT: Commands = {
  stats: bare("stats", "tokens, speed, rewards, room in the context", async (session) => ({ shows: await stats(session) })),
  help: bare("help", "these lines", (session) => ({ shows: help(session) })),
  exit: bare("exit", "leave, as Ctrl-D does", (session) => {
    session.over = true;
    return { says: "bye" };
  }),
};

const GROUPS: Readonly<Record<string, Commands>> = { Conversation: CONVERSATION, Guidance: GUIDANCE, Chat: ABOUT };

/** By their names, without the slash. */
export const COMMANDS: Commands = Object.assign({}, ...Object.values(GROUPS));

/** Runs a line that begins with "/". @throws ArgsearchError OPTION_INVALID, for an unknown command with the nearest one */
export async function runSlashCommand(session: ChatSession, line: string): Promise<Reply> {
  const [, name = "", argument = ""] = /^\/(\S*)\s*([\s\S]*)$/.exec(line) ?? [];
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) throw invalid(unknown(name));
  return command.run(session, argument.trim());
}

function unknown(name: string): string {
  const near = nearest(name, Object.keys(COMMANDS));
  return `no command /${name}; ${near === undefined ? "/help lists them" : `did you mean /${near}?`}`;
}

/** What there is, for `argsearch chat --help`. */
export function usages(): string {
  return table(Object.values(COMMANDS).map(row)).trimEnd();
}

function help(session: ChatSession): string {
  const rows = Object.entries(GROUPS).flatMap(([title, commands]) => [
    [title],
    ...Object.values(commands).map((command) => [...row(command), command.now === undefined ? "" : `now ${command.now(session)}`]),
  ]);
  return `${table(rows)}
Settings hold from the next answer on; without a value a command shows what is set.
""" begins and ends a message of several lines; what is pasted is one message.
Up and Down find earlier messages, Tab completes commands, Ctrl-C stops an answer.`;
}

function row({ usage, help }: SlashCommand): string[] {
  return [`  ${usage}`, help];
}

async function stats(session: ChatSession): Promise<string> {
  const { totals, last } = session;
  const { promptTokens, completionTokens } = totals.usage;
  const cached = `${Math.round(totals.cachedShare * 100)} % of them from the cache`;
  return table([
    ["answers", `${totals.answers}, ${plural(completionTokens, "token")}, ${totals.tokensPerSecond.toFixed(1)} tokens/s`],
    ["prompts", `${plural(promptTokens, "token")}, ${cached}`],
    ["last answer", last === undefined ? "none yet" : [...rewardFigures(last), plural(last.usage.completionTokens, "token")].join(" · ")],
    ["context", await session.contextLeft()],
  ]).trimEnd();
}
