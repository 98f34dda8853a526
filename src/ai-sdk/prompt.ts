/** The AI SDK's messages as those of chat templates. */
import type { ChatMessage } from "../types.js";
import type { ModelWarning, PromptMessage, PromptPart, ToolOutput } from "./interface.js";
import { unsupported } from "./unsupported.js";

type Part<T extends PromptPart["type"]> = Extract<PromptPart, { type: T }>;

/**
 * Texts, reasoning (`reasoning_content`), calls of tools (`tool_calls`) and their results, which the models' templates may read. What is
 * left out is added to the warnings.
 *
 * @throws ArgsearchError OPTION_INVALID for files, which no model here can read
 */
export function messagesFor(prompt: readonly PromptMessage[], warnings: ModelWarning[]): ChatMessage[] {
  return prompt.flatMap((message, index) => {
    if (message.role === "system") return [{ role: "system", content: message.content }];
    const parts = readable(message, `prompt[${index}]`, warnings);
    if (message.role === "tool") return parts.filter(isOf("tool-result")).map(toolMessage);
    return [message.role === "user" ? { role: "user", content: contentOf(parts) } : assistantMessage(parts)];
  });
}

const READABLE: Record<"user" | "assistant" | "tool", readonly PromptPart["type"][]> = {
  user: ["text"],
  assistant: ["text", "reasoning", "tool-call"],
  tool: ["tool-result"],
};

function readable({ role, content }: Exclude<PromptMessage, { role: "system" }>, place: string, warnings: ModelWarning[]): PromptPart[] {
  return content.filter(({ type }, index) => {
    const at = `${place}.content[${index}]`;
    if (type === "file" || type === "reasoning-file") throw notReadable(at, type);
    const known = READABLE[role].includes(type);
    if (!known) warnings.push({ type: "unsupported", feature: `${type} parts`, details: `${at} was left out` });
    return known;
  });
}

function notReadable(place: string, type: string): Error {
  return unsupported("file parts", `${place} is a part of type "${type}": only texts can be read; put what it says into a text part`);
}

function isOf<T extends PromptPart["type"]>(type: T) {
  return (part: PromptPart): part is Part<T> => part.type === type;
}

function textsOf(parts: readonly PromptPart[], type: "text" | "reasoning"): string[] {
  return parts.filter(isOf(type)).map(({ text }) => text);
}

/** One text, or a part for each: those of a message are lines of their own. */
function contentOf(parts: readonly PromptPart[]): ChatMessage["content"] {
  const texts = textsOf(parts, "text");
  return texts.length < 2 ? (texts[0] ?? "") : texts.map((text) => ({ type: "text", text }));
}

/** Calls have their arguments as an object, as templates of Hugging Face read them. */
function assistantMessage(parts: readonly PromptPart[]): ChatMessage {
  const calls = parts.filter(isOf("tool-call"));
  const reasoning = textsOf(parts, "reasoning").join("\n");
  return {
    role: "assistant",
    content: contentOf(parts),
    ...(reasoning !== "" && { reasoning_content: reasoning }),
    ...(calls.length > 0 && {
      tool_calls: calls.map(({ toolCallId, toolName, input }) => ({
        id: toolCallId,
        type: "function",
        function: { name: toolName, arguments: input },
      })),
    }),
  };
}

function toolMessage({ toolCallId, toolName, output }: Part<"tool-result">): ChatMessage {
  return { role: "tool", tool_call_id: toolCallId, name: toolName, content: outputText(output, toolName) };
}

function outputText(output: ToolOutput, tool: string): string {
  switch (output.type) {
    case "text":
    case "error-text":
      return output.value;
    case "json":
    case "error-json":
      return JSON.stringify(output.value);
    case "execution-denied":
      return output.reason ?? "Tool execution denied.";
    case "content":
      return output.value
        .map((part) => {
          if (part.type === "text") return part.text;
          throw notReadable(`the result of ${tool}`, part.type);
        })
        .join("\n");
  }
}
