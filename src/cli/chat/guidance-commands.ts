/** Slash commands that change how answers are decoded. */
import { METHODS } from "../flags/flags.js";
import { GATES, gateWords, parseGate } from "../flags/gate.js";
import { LOOKAHEADS, lookaheadWords, parseLookahead } from "../flags/lookahead.js";
import { type Commands, invalid, numberOf, oneOf, type SlashCommand, setting, startingWith } from "./command.js";
import { methodWords, samplerWords, uses } from "./guidance.js";
import type { ChatSession } from "./session.js";

const SWITCH = ["on", "off"] as const;

export const GUIDANCE: Commands = {
  weight: numberSetting("weight", "weight", "W", "weight of the reward"),
  "top-k": numberSetting("top-k", "topK", "K", "candidates a step"),
  method: setting("method", {
    usage: "/method M",
    help: METHODS.join(", "),
    now: (session) => session.settings.resolved().method,
    complete: startingWith(METHODS),
    set: setMethod,
  }),
  temperature: numberSetting("temperature", "temperature", "T", "of a draw; 0 draws nothing"),
  gate: setting("gate", {
    usage: "/gate G",
    help: GATES,
    now: (session) => gateWords(session.settings.resolved().gate),
    complete: startingWith(["off", "bound", "predicted", "predicted-only", "entropy=", "top-probability="]),
    set: setGate,
  }),
  lookahead: setting("lookahead", {
    usage: "/lookahead L",
    help: LOOKAHEADS,
    now: (session) => lookaheadWords(session.settings.resolved().lookahead),
    complete: startingWith(["off", "auto"]),
    set: setLookahead,
  }),
  rewards: setting("rewards", {
    usage: "/rewards on|off",
    help: "greedy, sample: rate what they choose",
    now: (session) => (session.settings.resolved().rewards ? "on" : "off"),
    complete: startingWith(SWITCH),
    set: setRewards,
  }),
  colours: setting("colours", {
    usage: "/colours on|off",
    help: "answers in the colours of their rewards",
    now: (session) => (session.colours.on ? "on" : "off"),
    complete: startingWith(SWITCH),
    set: setColours,
  }),
};

function numberSetting(name: string, option: "weight" | "topK" | "temperature", value: string, help: string): SlashCommand {
  return setting(name, {
    usage: `/${name} ${value}`,
    help,
    now: (session) => `${session.settings.resolved()[option]}`,
    set: (session, argument) => {
      session.settings.change({ [option]: numberOf(`/${name}`, argument) });
      const settings = session.settings.resolved();
      const { method } = settings;
      const idle = uses(option, settings)
        ? ""
        : `; method ${method}${method === "args" ? ", which takes the best score," : ""} does not use it`;
      return `${name} ${settings[option]}${idle}`;
    },
  });
}

function setMethod({ settings }: ChatSession, argument: string): string {
  const method = oneOf("/method", argument, METHODS);
  if (!settings.rewarded && (method === "args" || method === "blocks")) {
    throw invalid(`/method ${method} needs a reward: start the chat with --reward`);
  }
  settings.change({ method });
  const resolved = settings.resolved();
  return ["method", [methodWords(resolved), ...samplerWords(resolved)].join(" · ")].join(" ");
}

function setGate({ settings }: ChatSession, argument: string): string {
  const gate = parseGate(argument);
  if (gate === undefined) throw invalid(`/gate takes ${GATES}; got "${argument}"`);
  settings.change({ gate });
  const { method } = settings.resolved();
  return `gate ${argument}${method === "args" ? "" : `; method ${method} does not use it`}`;
}

function setLookahead({ settings }: ChatSession, argument: string): string {
  const lookahead = parseLookahead(argument);
  if (lookahead === undefined) throw invalid(`/lookahead takes ${LOOKAHEADS}; got "${argument}"`);
  settings.change({ lookahead });
  const { method } = settings.resolved();
  return `lookahead ${argument}${method === "args" ? "" : `; method ${method} does not use it`}`;
}

/** Off is the default, by which guided methods rate all the same. */
function setRewards({ settings }: ChatSession, argument: string): string {
  const on = oneOf("/rewards", argument, SWITCH) === "on";
  if (on && !settings.rewarded) throw invalid("/rewards needs a reward: start the chat with --reward");
  settings.change({ rewards: on || undefined });
  const { method, rewards } = settings.resolved();
  return `rewards ${argument}${!on && rewards ? `; method ${method} rates what it chooses among` : ""}`;
}

function setColours(session: ChatSession, argument: string): string {
  const { colours, settings } = session;
  const on = oneOf("/colours", argument, SWITCH) === "on";
  if (on && !settings.rewarded) throw invalid("/colours needs a reward: start the chat with --reward");
  colours.on = on;
  return `colours ${argument}${on ? whyNone(session) : ""}`;
}

/** What keeps answers from being coloured. */
function whyNone({ colours, settings }: ChatSession): string {
  const { method, rewards } = settings.resolved();
  if (colours.depth === 1) return ", but standard output takes none: NO_COLOR is set, or it is no terminal with colours";
  return rewards ? "" : `, but method ${method} has no rewards: /rewards on reads them`;
}
