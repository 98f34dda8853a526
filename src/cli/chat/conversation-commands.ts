/** Slash commands about what was said. */
import { bare, type Commands } from "./command.js";
import { fileNames } from "./file-names.js";
import { loadChat, saveChat } from "./saved-chat.js";
import { type ChatSession, shortened } from "./session.js";

export const CONVERSATION: Commands = {
  system: {
    usage: "/system TEXT",
    help: 'the system message; "" for none',
    now: ({ conversation }) => (conversation.system === undefined ? "none" : "set"),
    run: (session, argument) => (argument === "" ? { shows: systemShown(session) } : { says: setSystem(session, argument) }),
  },
  retry: bare("retry", "answer the last message anew", async (session) => {
    await session.retry();
    return {};
  }),
  compare: {
    usage: "/compare [TEXT]",
    help: "greedy beside guided: TEXT, or the last message",
    run: compare,
  },
  undo: bare("undo", "take the last message and its answer back", ({ conversation }) => ({
    says: `taken back: "${shortened(conversation.undo())}"`,
  })),
  reset: bare("reset", "forget the conversation", ({ conversation }) => {
    conversation.reset();
    return { says: "forgotten" };
  }),
  save: {
    usage: "/save FILE",
    help: "messages and settings, as JSON",
    complete: fileNames,
    run: async (session, argument) => ({ says: await saveChat(session, argument, false) }),
  },
  "save!": {
    usage: "/save! FILE",
    help: "the same, in place of an older file",
    complete: fileNames,
    run: async (session, argument) => ({ says: await saveChat(session, argument, true) }),
  },
  load: {
    usage: "/load FILE",
    help: "go on with what /save wrote",
    complete: fileNames,
    run: async (session, argument) => ({ says: await loadChat(session, argument) }),
  },
};

function systemShown({ conversation: { system } }: ChatSession): string {
  return system === undefined ? "no system message" : `system message: ${system}`;
}

function setSystem({ conversation }: ChatSession, argument: string): string {
  conversation.system = argument === '""' ? undefined : argument;
  const what = argument === '""' ? "no system message" : "system message set";
  return `${what}, from the next answer on${conversation.begun ? "; the conversation goes on, /reset forgets it" : ""}`;
}

async function compare(session: ChatSession, argument: string): Promise<{ says?: string }> {
  if (argument === "" && session.conversation.lastQuestion === undefined) {
    session.comparesNext = true;
    return { says: "the next message is answered twice, greedily and guided" };
  }
  if (argument === "") await session.compare();
  else await session.compare(argument);
  return {};
}
