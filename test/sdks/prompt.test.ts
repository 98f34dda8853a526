/** The AI SDK's messages as chat templates read them. */
import { expect, it } from "vitest";
import type { ModelWarning, PromptMessage, ToolOutput } from "../../src/ai-sdk/interface.js";
import { messagesFor } from "../../src/ai-sdk/prompt.js";
import { messageFault } from "../../src/messages.js";

function converted(...prompt: PromptMessage[]) {
  const warnings: ModelWarning[] = [];
  const messages = messagesFor(prompt, warnings);
  for (const message of messages) expect(messageFault(message)).toBeNull();
  return { messages, warnings };
}

const text = (text: string) => ({ type: "text" as const, text });
const result = (output: ToolOutput) => ({ type: "tool-result" as const, toolCallId: "1", toolName: "clock", output });

it("keeps texts, one or several", () => {
  const { messages, warnings } = converted(
    { role: "system", content: "Be brief." },
    { role: "user", content: [text("Hello")] },
    { role: "assistant", content: [text("Hi"), text("there")] },
    { role: "assistant", content: [] },
  );
  expect(messages).toEqual([
    { role: "system", content: "Be brief." },
    { role: "user", content: "Hello" },
    { role: "assistant", content: [text("Hi"), text("there")] },
    { role: "assistant", content: "" },
  ]);
  expect(warnings).toEqual([]);
});

it("keeps reasoning, calls of tools and their results in the fields that templates know", () => {
  const call = { type: "tool-call" as const, toolCallId: "1", toolName: "clock", input: { zone: "UTC" } };
  const { messages } = converted(
    { role: "assistant", content: [{ type: "reasoning", text: "What time?" }, call] },
    { role: "tool", content: [result({ type: "text", value: "noon" }), result({ type: "json", value: { hour: 12 } })] },
  );
  const tool = { role: "tool", tool_call_id: "1", name: "clock" };
  expect(messages).toEqual([
    {
      role: "assistant",
      content: "",
      reasoning_content: "What time?",
      tool_calls: [{ id: "1", type: "function", function: { name: "clock", arguments: { zone: "UTC" } } }],
    },
    { ...tool, content: "noon" },
    { ...tool, content: '{"hour":12}' },
  ]);
});

it.each<[ToolOutput, string]>([
  [{ type: "error-text", value: "no clock" }, "no clock"],
  [{ type: "error-json", value: ["no", "clock"] }, '["no","clock"]'],
  [{ type: "execution-denied", reason: "not now" }, "not now"],
  [{ type: "execution-denied" }, "Tool execution denied."],
  [{ type: "content", value: [text("a"), text("b")] }, "a\nb"],
])("reads a tool's %o", (output, content) => {
  expect(converted({ role: "tool", content: [result(output)] }).messages).toMatchObject([{ content }]);
});

it("warns of what it leaves out", () => {
  const { messages, warnings } = converted(
    { role: "assistant", content: [text("Hi"), { type: "custom" }, result({ type: "text", value: "noon" })] },
    { role: "tool", content: [{ type: "tool-approval-response" }] },
  );
  expect(messages).toEqual([{ role: "assistant", content: "Hi" }]);
  const told = ["custom", "tool-result", "tool-approval-response"].map((type) => ({ type: "unsupported", feature: `${type} parts` }));
  expect(warnings).toMatchObject(told);
  expect(warnings[0]).toMatchObject({ details: "prompt[0].content[1] was left out" });
});

it("refuses files, and says where", () => {
  const wanted = { code: "OPTION_INVALID", functionality: "file parts" };
  const file = { type: "file" as const };
  expect(() => converted({ role: "user", content: [text("see"), file] })).toThrow(
    expect.objectContaining({ ...wanted, message: expect.stringMatching(/^prompt\[0\]\.content\[1\] .*"file": only texts/) }),
  );
  expect(() => converted({ role: "assistant", content: [{ type: "reasoning-file" }] })).toThrow(expect.objectContaining(wanted));
  const output: ToolOutput = { type: "content", value: [file] };
  expect(() => converted({ role: "tool", content: [result(output)] })).toThrow(expect.objectContaining(wanted));
});
