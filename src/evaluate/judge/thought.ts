/** Judges that think before they speak: what they say, without what they think. */

/** How thoughts begin and end in a reply, by model family; the rest has names of tags, of which "think" is by far the most common. */
const THOUGHTS: readonly { begin: RegExp; end: RegExp }[] = [
  ...["think", "thinking", "thought", "thoughts", "reasoning", "reflection", "analysis", "scratchpad", "seed:think"].map((name) => ({
    begin: new RegExp(`^<${name}\\b[^>]*>`, "i"),
    end: new RegExp(`</${name}\\s*>`, "i"),
  })),
  { begin: /^\[THINK\]/i, end: /\[\/THINK\]/i },
  { begin: /^◁think▷/, end: /◁\/think▷/ },
  { begin: /^<\|START_THINKING\|>/, end: /<\|END_THINKING\|>/ },
  { begin: /^<\|begin_of_thought\|>/, end: /<\|end_of_thought\|>/ },
  { begin: /^<\|channel>thought\b/, end: /<channel\|>/ },
];

/** gpt-oss speaks in channels: what is meant for others is in the final one. Servers that drop special tokens leave the names. */
const CHANNEL = /^(?:<\|start\|>)?(?:assistant)?<\|channel\|>/;
const FINAL_CHANNEL = /<\|channel\|>\s*final\b[^<]*(?:<\|constrain\|>[^<]*)?<\|message\|>/;
const BARE_CHANNEL = /^analysis(?=\S)[\s\S]*?assistantfinal(?:json)?/;

/** Marks around the answer itself. */
const FRAME =
  /^(?:<(?:answer|response|output|final_answer)>|<\|START_RESPONSE\|>|<\|begin_of_solution\|>)|(?:<\/(?:answer|response|output|final_answer)>|<\|END_RESPONSE\|>|<\|end_of_solution\|>|<\|(?:return|end|im_end|eot_id)\|>)\s*$/gi;

export interface Spoken {
  /** Nothing where the thought has not ended. */
  text: string;
  /** There was a thought before it. */
  thought: boolean;
}

export function spoken(reply: string): Spoken {
  const start = reply.trimStart();
  const { text, thought } = CHANNEL.test(start) ? finalChannel(start) : withoutThoughts(start);
  return { text: text.trim().replace(FRAME, "").trim(), thought };
}

function finalChannel(reply: string): Spoken {
  const match = FINAL_CHANNEL.exec(reply);
  return { text: match === null ? "" : reply.slice(match.index + match[0].length), thought: true };
}

function withoutThoughts(reply: string): Spoken {
  let text = reply.replace(BARE_CHANNEL, "");
  let thought = text !== reply;
  for (let kind = kindOf(text); kind !== undefined; kind = kindOf(text)) {
    const end = kind.end.exec(text);
    if (end === null) return { text: "", thought: true };
    text = text.slice(end.index + end[0].length).trimStart();
    thought = true;
  }
  return thought ? { text, thought } : withoutBegunThought(text);
}

function kindOf(text: string): (typeof THOUGHTS)[number] | undefined {
  return THOUGHTS.find(({ begin }) => begin.test(text));
}

/** Templates that begin the thought themselves leave only its end in the reply. */
function withoutBegunThought(text: string): Spoken {
  const ends = THOUGHTS.flatMap(({ end }) => {
    const match = end.exec(text);
    return match === null ? [] : [match.index + match[0].length];
  });
  const [first] = ends.sort((a, b) => a - b);
  return first === undefined ? { text, thought: false } : { text: text.slice(first), thought: true };
}
