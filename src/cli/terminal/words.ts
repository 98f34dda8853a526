/** The library speaks to programs, of options; the command line of its flags. */
import type { Command } from "commander";

/** Options whose flag has another name. */
const FLAG_OF_OPTION: Readonly<Record<string, string>> = {
  "bounds.coherence": "minCoherence",
  "bounds.diversity": "minDiversity",
  "bounds.ended": "minEnded",
  "bounds.loops": "maxLoops",
  "bounds.perplexity": "maxPerplexity",
  chatTemplate: "template",
  contextSize: "context",
  drafts: "bestOf",
  "judge.pairs": "judgePair",
  "judgeReward.pairs": "judgePair",
  "judgeReward.reward": "judgeReward",
  metrics: "metric",
  n: "count",
  "reward.chatTemplate": "rewardTemplate",
  "reward.labels": "label",
  templateVariables: "templateVariable",
};

/** Advice that names no option. */
export const ADVICE: Readonly<Record<string, string>> = {
  "load() one": "give --reward",
  "name another as policy": "name another with --policy",
  'tokenizers: "any"': "--tokenizers any",
};

/** A word in the middle of a sentence that can only be an option's name; not a part of a path. */
const OPTION_NAME = /(?<![\w/\\.-])[a-z]+(?:[A-Z][a-z]+)+(?![\w/\\-]|\.\w)/g;

/**
 * A message of the library in the words of a command.
 *
 * @param option the option that the error is about: most such messages begin with it
 */
export function inFlags(message: string, option: string | undefined, command: Command | undefined): string {
  const begins = option !== undefined && message.startsWith(option) && !/^\w/.test(message.slice(option.length));
  const begun = begins ? asFlag(option, command) + message.slice(option.length) : message;
  const named = begun.replace(OPTION_NAME, (word) => flagOf(word, command) ?? word);
  return Object.entries(ADVICE).reduce((text, [words, flag]) => text.replaceAll(words, flag), named);
}

/** "judge.url" as "--judge-url"; of a name that has no flag as a whole its beginning: "reward[1].weight" as "--reward[1].weight". */
function asFlag(option: string, command: Command | undefined): string {
  const whole = flagOf(option, command);
  if (whole !== undefined) return whole;
  const [first = ""] = /^\w+/.exec(option) ?? [];
  return (flagOf(first, command) ?? first) + option.slice(first.length);
}

function flagOf(option: string, command: Command | undefined): string | undefined {
  const plain = option.replace(/\[\d+\]/g, "");
  const known = Object.keys(FLAG_OF_OPTION).find((name) => plain === name || plain.startsWith(`${name}.`));
  const name = known === undefined ? plain.replace(/\.(\w)/g, (_dot, letter: string) => letter.toUpperCase()) : FLAG_OF_OPTION[known];
  const flag = (wanted: string | undefined) => command?.options.find((each) => each.attributeName() === wanted)?.long;
  return flag(name) ?? flag(plain) ?? undefined;
}
