/** Conversations of every kind that templates tell apart. */

const TOOLS = [
  {
    type: "function",
    function: {
      name: "get_weather",
      description: 'Weather <of> a "city" & more é',
      parameters: {
        type: "object",
        properties: {
          city: { type: "string", description: "Name" },
          unit: { type: "string", enum: ["c", "f"], default: "c" },
          days: { type: ["integer", "null"] },
          list: { type: "array", items: { type: "string" } },
        },
        required: ["city"],
      },
      return: { type: "string" },
    },
  },
  { type: "function", function: { name: "no_parameters", description: "nothing", parameters: { type: "object", properties: {} } } },
];

const user = (content: unknown) => ({ role: "user", content });
const assistant = (content: unknown, more: object = {}) => ({ role: "assistant", content, ...more });
const system = (content: unknown) => ({ role: "system", content });
const call = (id: string, args: unknown, name = "get_weather") => ({ id, type: "function", function: { name, arguments: args } });
const result = (id: string, content: string, name = "get_weather") => ({ role: "tool", name, tool_call_id: id, content });
const part = (text: string) => ({ type: "text", text });

/** By what they show; values beside the messages are the caller's. */
export const CONVERSATIONS: Readonly<Record<string, { messages: object[] } & Record<string, unknown>>> = {
  plain: { messages: [user("Hi there\n  you ")] },
  system: { messages: [system("Be brief.\n"), user("Hi")] },
  turns: { messages: [system("S"), user("A"), assistant(" B\n"), user("C😀"), assistant("<think>\nhm\n</think>\n\nD"), user("E")] },
  finished: { add_generation_prompt: false, messages: [user("A"), assistant("B")] },
  "finished, with reasoning": { add_generation_prompt: false, messages: [user("A"), assistant("B", { reasoning_content: "R" })] },
  "tool calls, content null": {
    tools: TOOLS,
    messages: [
      user("A"),
      assistant(null, { tool_calls: [call("call_1abcdef", { city: "Paris", days: 3, f: 1.5, ok: true, no: null })] }),
      result("call_1abcdef", '{"t": 3}'),
      assistant("3"),
      user("B"),
    ],
  },
  "tool calls, arguments as text": {
    tools: TOOLS,
    messages: [
      user("A"),
      assistant("x", { tool_calls: [call("callid123", '{"city": "Paris"}'), call("callid124", "{}", "no_parameters")] }),
      result("callid123", "3"),
      result("callid124", "4", "no_parameters"),
    ],
  },
  "tool calls, content empty": {
    tools: TOOLS,
    messages: [user("A"), assistant("", { tool_calls: [call("callid123", { city: "Paris" })] }), result("callid123", "3")],
  },
  "thinking off": { enable_thinking: false, thinking: false, reasoning_effort: "low", messages: [user("A")] },
  "thinking on": { enable_thinking: true, thinking: true, messages: [system("detailed thinking on /no_think"), user("A /think")] },
  parts: { messages: [system([part("sys")]), user([part("A"), part("B")]), assistant([part("C")]), user([part("D")])] },
  documents: { documents: [{ title: "T", text: "X" }], messages: [user("A")] },
  developer: { messages: [{ role: "developer", content: "D" }, user("A")] },
};

/** With the variables that transformers always passes. */
export const VALUES: readonly ({ messages: object[] } & Record<string, unknown>)[] = Object.values(CONVERSATIONS).map((conversation) => ({
  tools: null,
  documents: null,
  add_generation_prompt: true,
  bos_token: "<s>",
  eos_token: "</s>",
  ...conversation,
}));
