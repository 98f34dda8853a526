/** Ends what models that think would begin: an answer that is read at its first token has no room for thoughts. */

/** How thoughts begin and end, as templates open them for the model. */
const THOUGHTS = [
  ["<think>", "</think>"],
  ["<thinking>", "</thinking>"],
  ["<seed:think>", "</seed:think>"],
  ["<reasoning>", "</reasoning>"],
  ["[THINK]", "[/THINK]"],
  ["◁think▷", "◁/think▷"],
  ["<|START_THINKING|>", "<|END_THINKING|>"],
] as const;

/** gpt-oss says in which channel it speaks: what is meant for others is in the final one. */
const BEFORE_CHANNEL = /<\|start\|>assistant$/;
const FINAL_CHANNEL = "<|channel|>final<|message|>";

/**
 * What is to follow a generation prompt for the answer to come at once: nothing, where no thought is open.
 *
 * @param prompt what the template wrote behind the last message
 */
export function thoughtEnd(prompt: string, template: string): string {
  if (BEFORE_CHANNEL.test(prompt) && template.includes("<|channel|>")) return FINAL_CHANNEL;
  const open = THOUGHTS.map(([begin, end]) => ({ end, begun: prompt.lastIndexOf(begin), ended: prompt.lastIndexOf(end) }))
    .filter(({ begun, ended }) => begun > ended)
    .sort((a, b) => b.begun - a.begun)[0];
  if (open === undefined) return "";
  return `${prompt.endsWith("\n") ? "\n" : ""}${open.end}${lineEndsBehind(open.end, template)}`;
}

/** Line ends that the template writes behind a thought, spelled out or as escapes; two where it never does. */
function lineEndsBehind(end: string, template: string): string {
  const lengths = template
    .split(end)
    .slice(1)
    .map((rest) => (/^(?:\\n|\n)*/.exec(rest)?.[0] ?? "").replaceAll("\\n", "\n").length);
  return "\n".repeat(Math.max(0, ...lengths) || 2);
}
