import type { Command } from "commander";
import { textLines } from "../../files/lines.js";
import { type DecodingSettings, EMBEDDED, readSettings } from "../../index.js";
import { banner } from "../chat/banner.js";
import { runSlashCommand, usages } from "../chat/commands.js";
import { complete } from "../chat/completion.js";
import { Conversation } from "../chat/conversation.js";
import { SavedHistory, SessionHistory } from "../chat/history.js";
import { LineEditor } from "../chat/line-editor.js";
import { RewardColours } from "../chat/reward-colours.js";
import { ChatSession } from "../chat/session.js";
import { ChatSettings } from "../chat/settings.js";
import { addAskFlags } from "../flags/ask.js";
import {
  addDecodingFlags,
  addExamples,
  addIsolateFlag,
  addModelFlags,
  addPolicyFlag,
  addRewardFlags,
  type DecodingFlags,
  generateOptions,
  type LoadFlags,
  loadOptions,
} from "../flags/flags.js";
import { addRemoteRewardFlags } from "../flags/remote.js";
import { addTemplateFlags } from "../flags/templates.js";
import { EXIT, isAborted, reportError } from "../terminal/failure.js";
import { note } from "../terminal/output.js";
import { logTo, withDecoder } from "./session.js";

interface ChatFlags extends LoadFlags, DecodingFlags {
  system?: string;
  colours?: boolean;
  history: boolean;
}

export function addChat(program: Command): void {
  const command = program
    .command("chat")
    .description("Talk to the models: several turns, each decoding only what is new. /help lists the commands.")
    .option("--system <text>", "a system message before the conversation")
    .option("--colours", "answers in the colours of their rewards, on a terminal; NO_COLOR and FORCE_COLOR are heeded")
    .option("--no-history", "neither read nor keep what is typed, for the arrow keys, in the cache's folder");
  addPolicyFlag(command);
  addRewardFlags(command);
  addRemoteRewardFlags(command);
  addAskFlags(command);
  addDecodingFlags(command);
  addTemplateFlags(command, "the policy");
  addModelFlags(command);
  addIsolateFlag(command);
  command.addHelpText("after", `\nSlash commands:\n${usages()}`);
  addExamples(command, [
    "chat",
    "chat --policy policy.gguf --reward reward.gguf --weight 0.4 --colours",
    'chat --system "Answer in one sentence." --no-history',
    "chat < questions.txt",
  ]);
  command.action(chat);
}

async function chat(flags: ChatFlags): Promise<void> {
  logTo(flags.verbose);
  const options = loadOptions(flags);
  const defaults = await settingsOf(flags.settings, options);
  await withDecoder({ ...options, settings: undefined }, async (decoder) => {
    const settings = new ChatSettings(decoder, defaults, generateOptions(flags));
    const [conversation, colours] = [new Conversation(flags.system), new RewardColours(flags.colours === true)];
    const session = new ChatSession({ decoder, conversation, settings, colours, verbose: flags.verbose === true });
    if (process.stdin.isTTY && process.stderr.isTTY) await atTerminal(session, flags.history);
    else await fromPipe(session);
  });
}

/** They are the chat's, not the decoder's, which would not show them: /load puts others in their place. */
async function settingsOf(file: string | undefined, { policy, reward }: ReturnType<typeof loadOptions>): Promise<DecodingSettings> {
  if (file === undefined) return {};
  const embedded = policy === undefined && reward === undefined;
  return readSettings(file, {
    policy: typeof policy === "string" ? policy : EMBEDDED.policy,
    reward: reward ?? (embedded ? EMBEDDED.reward : null),
  });
}

/** A script's conversation is over at the first failure, and at the first Ctrl-C, which keeps what was said. */
async function fromPipe(session: ChatSession): Promise<void> {
  const interrupt = (): void => {
    process.exitCode = EXIT.INTERRUPTED;
    session.over = true;
    if (!session.stop()) process.exit();
  };
  process.on("SIGINT", interrupt);
  for await (const line of textLines(process.stdin)) {
    const text = line.trim();
    await turn(session, { text, plain: true });
    if (session.over) break;
  }
  process.off("SIGINT", interrupt);
}

async function atTerminal(session: ChatSession, keepsHistory: boolean): Promise<void> {
  const history = keepsHistory ? new SavedHistory() : new SessionHistory();
  let warned = false;
  const interrupt = (): void => {
    if (session.stop()) return;
    if (warned) process.exit(EXIT.INTERRUPTED);
    warned = true;
    editor.startOver("Ctrl-C again, Ctrl-D or /exit leaves");
  };
  note(await banner(session));
  session.sayUnguided();
  const editor = new LineEditor({ input: process.stdin, output: process.stderr, history, complete, onInterrupt: interrupt });
  process.on("SIGINT", interrupt);
  try {
    while (!session.over) {
      const message = await editor.ask();
      if (message === undefined) break;
      warned = false;
      // Someone at a terminal can try again.
      await turn(session, message).catch((error: unknown) => {
        if (isAborted(error)) note("stopped; the conversation is as it was");
        else reportError(error);
      });
    }
  } finally {
    process.off("SIGINT", interrupt);
    editor.close();
  }
  if (!session.over) process.stderr.write("\n");
  if (history instanceof SavedHistory) await history.written();
}

/** One message, or a command. */
async function turn(session: ChatSession, { text, plain }: { text: string; plain: boolean }): Promise<void> {
  if (text === "") return;
  if (!plain || !text.startsWith("/")) return session.ask(text);
  const { says, shows } = await runSlashCommand(session, text);
  if (says !== undefined) note(says);
  if (shows !== undefined) note(shows, true);
}
