/** What chat templates are given, and what comes out: expectations are what transformers' apply_chat_template() gives. */
import { describe, expect, it } from "vitest";
import { ChatFormat, type ChatModel } from "../../src/model/chat.js";
import { templateOf } from "../../src/model/template-options.js";
import type { ChatMessage, Prompt, TemplateOptions } from "../../src/types.js";

function render(chatTemplate: string, prompt: Prompt = "Hi", options: TemplateOptions = {}, model: Partial<ChatModel> = {}): string {
  const format = new ChatFormat({ path: "m.gguf", chatTemplate, bosText: "<s>", eosText: "</s>", ...model });
  return format.render(prompt, templateOf(options)).text;
}

const CHATML = "{% for m in messages %}<{{ m.role }}>{{ m.content }}</>\n{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}";
const user = (content: ChatMessage["content"]): ChatMessage => ({ role: "user", content });

describe("line ends", () => {
  const lf = "{%- for m in messages %}\n  {{- m.role }}:\n{{ m.content }}\n{% endfor -%}\n\n  {# x #}\nend\n";

  it.each([
    ["CRLF", (text: string) => text.replaceAll("\n", "\r\n")],
    ["CR", (text: string) => text.replaceAll("\n", "\r")],
    ["both", (text: string) => text.replace("\n", "\r\n").replace(/\n$/, "\r")],
  ])("%s in a template are LF", (_, change) => {
    expect(render(change(lf))).toBe("user:\nHi\nend");
  });

  it("in what is said stay as they are, and a template loses one at its end", () => {
    expect(render("{{ messages[0].content }}\n\n", "a\r\nb\r")).toBe("a\r\nb\r\n");
  });
});

describe("variables that transformers always passes", () => {
  it.each([
    ["{% if tools is not none %}X{% endif %}{% if tools %}Y{% endif %}{{ tools is defined }}", "True"],
    ["{{ documents is none }}{{ documents is defined }}", "TrueTrue"],
    ["{{ add_generation_prompt }}", "True"],
    ["{{ bos_token }}{{ eos_token }}", "<s></s>"],
    ["{{ unk_token }}|{{ pad_token }}|{{ sep_token is defined }}", "<unk>|<pad>|False"],
    ["{{ date_string is defined }}{{ enable_thinking is defined }}", "FalseFalse"],
  ])("%s", (template, expected) => {
    expect(render(template, "Hi", {}, { specialTokens: { unk_token: "<unk>", pad_token: "<pad>" } })).toBe(expected);
  });

  it("tojson is json.dumps, without escapes for HTML", () => {
    const tools = [{ name: "é", n: 1.5, q: '"<b>&' }];
    expect(render("{{ tools | tojson }}", { messages: "Hi", tools })).toBe('[{"name": "é", "n": 1.5, "q": "\\"<b>&"}]');
    expect(render("{{ tools | tojson(indent=2) }}", { messages: "Hi", tools: [{ a: [] }] })).toBe('[\n  {\n    "a": []\n  }\n]');
  });
});

describe("templateVariables", () => {
  const thinking = "{% if enable_thinking is defined and enable_thinking is false %}<think></think>{% endif %}{{ extra }}";

  it("reach the template, as JSON", () => {
    expect(render(thinking, "Hi", { templateVariables: { enable_thinking: false, extra: [1, "a"] } })).toBe("<think></think>[1, 'a']");
    expect(render(thinking, "Hi")).toBe("");
  });

  it("of a conversation go before those of the call, and may replace special tokens", () => {
    const prompt = { messages: "Hi", templateVariables: { a: 1 } };
    expect(render("{{ a }}{{ b }}{{ bos_token }}", prompt, { templateVariables: { a: 2, b: 3, bos_token: "!" } })).toBe("13!");
  });

  it.each([
    [{ messages: [] }, /templateVariables must be without messages and add_generation_prompt.*got "messages"/],
    [{ add_generation_prompt: false }, /got "add_generation_prompt"/],
    [5, /templateVariables must be an object, got 5/],
  ])("%o are refused", (templateVariables, message) => {
    const error = expect.objectContaining({ code: "OPTION_INVALID", message: expect.stringMatching(message) as string });
    expect(() => render(CHATML, "Hi", { templateVariables: templateVariables as never })).toThrow(error);
    expect(() => render(CHATML, { messages: "Hi", templateVariables: templateVariables as never })).toThrow(error);
  });
});

describe("the clock", () => {
  const today = "{{ strftime_now('%d %b %Y, %H:%M') }}";

  it("is a call's own to set", () => {
    expect(render(today, "Hi", { date: new Date(2024, 1, 3, 4, 5) })).toBe("03 Feb 2024, 04:05");
    expect(render(today, "Hi", { date: "2024-02-03T04:05" })).toBe("03 Feb 2024, 04:05");
    expect(render("{{ strftime_now('%Y') }}")).toBe(String(new Date().getFullYear()));
  });

  it.each([["yesterday"], [5], [new Date("x")]])("%o is no time", (date) => {
    expect(() => render(today, "Hi", { date: date as never })).toThrow(
      expect.objectContaining({
        code: "OPTION_INVALID",
        message: expect.stringMatching(/date must be a Date or a time in ISO 8601/) as string,
      }),
    );
  });
});

describe("messages", () => {
  const calls: ChatMessage = {
    role: "assistant",
    content: null,
    tool_calls: [{ id: "c1", function: { name: "f", arguments: { x: [1, null] } } }],
  };

  it("keep all their fields", () => {
    const template =
      "{% for m in messages %}{{ m.role }}|{{ m.content }}|{{ m.tool_calls | tojson if m.tool_calls }}|{{ m.name }}|{{ m.tool_call_id }}|{{ m.reasoning_content }}|{{ m.x.y }};{% endfor %}";
    const messages = [
      calls,
      { role: "tool", name: "f", tool_call_id: "c1", content: "2" },
      { role: "assistant", content: "a", reasoning_content: "r", x: { y: 3 } },
    ];
    expect(render(template.replace("{{ m.x.y }}", "{{ m.x.y if m.x }}"), messages)).toBe(
      'assistant|None|[{"id": "c1", "function": {"name": "f", "arguments": {"x": [1, null]}}}]||||;tool|2||f|c1||;assistant|a||||r|3;',
    );
  });

  it("without content are absent to the template as they were given", () => {
    const { content: _, ...without } = calls;
    expect(render("{{ messages[0].content is defined }}{{ messages[0].content is none }}", [calls])).toBe("TrueTrue");
    expect(render("{{ messages[0].content is defined }}", [without])).toBe("False");
  });

  it("lack fields that are null", () => {
    const message = { role: "user", content: "a", tool_calls: null, name: undefined };
    expect(render("{{ messages[0] }}", [message])).toBe("{'role': 'user', 'content': 'a'}");
  });

  const parts = [
    { type: "text", text: "A" },
    { type: "text", text: "B" },
  ] as const;

  it.each([
    ["that iterates over parts", "{% for p in messages[0].content %}[{{ p.text }}]{% endfor %}", "[A][B]"],
    ["that takes either", "{% if messages[0].content is string %}S{% else %}{{ messages[0].content[1]['text'] }}{% endif %}", "B"],
    ["that writes a text", CHATML, "<user>A\nB</>\n<assistant>"],
    ["that adds to a text", "{{ '<' + messages[0].content + '>' }}", "<A\nB>"],
    ["that strips a text", "{{ messages[0].content.strip() }}", "A\nB"],
    ["that trims a text", "{{ messages[0].content | trim }}", "A\nB"],
    ["that ignores what is no text", "{% if messages[0].content is string %}{{ messages[0].content }}{% endif %}", "A\nB"],
  ])("in parts suit a template %s", (_, template, expected) => {
    expect(render(template, [user(parts)])).toBe(expected);
  });

  it.each([
    [
      "that knows parts alone",
      "{% for m in messages %}{% for p in m.content %}{% if p['type'] == 'text' %}[{{ p['text'] }}]{% endif %}{% endfor %}{% endfor %}",
      "[Hi]",
    ],
    ["that fails with texts", "{{ messages[0].content[0]['text'] + '!' }}", "Hi!"],
    ["that writes no content", "{{ messages | length }}", "1"],
  ])("that are texts suit a template %s", (_, template, expected) => {
    expect(render(template, "Hi")).toBe(expected);
  });

  it.each<[string, unknown, RegExp]>([
    [
      "an image",
      user([{ type: "image_url", image_url: { url: "x" } }] as never),
      /prompt\[0\]\.content\[0\] must be a part .*only texts can be read, got one of type "image_url"/,
    ],
    ["a part that is a text", user(["x"] as never), /prompt\[0\]\.content\[0\] must be a part/],
    ["no content at all", { role: "user" }, /prompt\[0\] must be a message .*without content only beside tool_calls or reasoning_content/],
    ["content that is a number", user(5 as never), /prompt\[0\] must be a message/],
    ["a text", "x", /prompt\[0\] must be a message .*got "x"/],
  ])("refuse %s", (_, message, reason) => {
    expect(() => render(CHATML, [message] as never)).toThrow(
      expect.objectContaining({ code: "OPTION_INVALID", message: expect.stringMatching(reason) as string }),
    );
  });
});

describe("a conversation", () => {
  it("brings tools and documents to the template", () => {
    const prompt = { messages: [user("Hi")], tools: [{ name: "f" }], documents: [{ title: "T" }] };
    expect(render("{{ tools[0].name }}{{ documents[0].title }}{{ messages[0].content }}", prompt)).toBe("fTHi");
    expect(render("{{ tools is none }}", { messages: "Hi", tools: null })).toBe("True");
  });

  it.each<[unknown, string, RegExp]>([
    [{ messages: [] }, "PROMPT_EMPTY", /no messages/],
    [{ messages: "" }, "PROMPT_EMPTY", /empty text/],
    [{ messages: "x", tools: "f" }, "OPTION_INVALID", /prompt\.tools must be an array/],
    [{ messages: "x", tool: [] }, "OPTION_INVALID", /a prompt has no option "tool"; did you mean tools\?/],
    [{ messages: [5] }, "OPTION_INVALID", /prompt\.messages\[0\] must be a message/],
    [{ role: "user" }, "OPTION_INVALID", /prompt must be a text or an array of messages, got an object/],
  ])("%o is refused", (prompt, code, message) => {
    expect(() => render(CHATML, prompt as Prompt)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) as string }),
    );
  });
});

describe("the conversation that an answer finishes", () => {
  /** Before and after the answer; null where it is not found. */
  function around(chatTemplate: string, answer: string | ChatMessage, prompt: Prompt = "Hi"): [string, string] | null {
    const format = new ChatFormat({ path: "m.gguf", chatTemplate, bosText: "<s>", eosText: "</s>" });
    const place = format.renderAnswered(prompt, answer, templateOf());
    return place && [place.before.value, place.after.value];
  }

  const thinking =
    "{% for m in messages %}<{{ m.role }}>{% if m.role == 'assistant' %}{% set parts = m.content.split('</think>') %}{% if m.reasoning_content %}<think>{{ m.reasoning_content }}</think>{% elif parts | length > 1 %}<think>{{ parts[0].split('<think>')[-1] }}</think>{% else %}<think></think>{% endif %}{{ parts[-1] }}{% else %}{{ m.content }}{% endif %}</>{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}";

  it.each<[string, string, string | ChatMessage, [string, string] | null]>([
    ["that is written as it is", CHATML, "Yes", ["<user>Hi</>\n<assistant>", "</>\n"]],
    ["that is the same as what was said", CHATML, "Hi", ["<user>Hi</>\n<assistant>", "</>\n"]],
    ["behind what a finished turn begins with", thinking, "Yes", ["<user>Hi</><assistant><think></think>", "</>"]],
    ["with its own thoughts", thinking, "<think>Hm</think>Yes", ["<user>Hi</><assistant>", "</>"]],
    [
      "with thoughts apart",
      thinking,
      { role: "assistant", content: "Yes", reasoning_content: "Hm" },
      ["<user>Hi</><assistant><think>Hm</think>", "</>"],
    ],
    ["that is trimmed", "{% for m in messages %}<{{ m.content | trim }}>{% endfor %}", " Yes\n", ["<Hi><", ">"]],
    ["that keeps its spaces", "{% for m in messages %}<{{ m.content }}>{% endfor %}", " Yes\n", ["<Hi><", ">"]],
    ["that something is added to", "{% for m in messages %}<{{ m.content + ' [end]' }}>{% endfor %}", "Yes", ["<Hi [end]><", " [end]>"]],
    ["in parts", CHATML, { role: "assistant", content: [{ type: "text", text: "Yes" }] }, ["<user>Hi</>\n<assistant>", "</>\n"]],
    ["that is changed", "{% for m in messages %}<{{ m.content | upper }}>{% endfor %}", "Yes", null],
    ["that is not written", "{{ messages[0].content }}", "Yes", null],
    ["that is refused", "{{ messages[0].content }}{% if messages | length > 1 %}{{ raise_exception('!') }}{% endif %}", "Yes", null],
    ["of spaces alone", CHATML, " ", null],
  ])("%s", (_, template, answer, expected) => {
    expect(around(template, answer)).toEqual(expected);
  });
});

describe("an own template", () => {
  const format = (chatTemplate: string) =>
    new ChatFormat({ path: "m.gguf", chatTemplate, bosText: "", eosText: "", templateOption: "reward[1].chatTemplate" });

  it("is named by its option where it fails", () => {
    expect(() => format("a\n{{ x").check()).toThrow(
      expect.objectContaining({
        code: "TEMPLATE_INVALID",
        message: expect.stringMatching(
          /^reward\[1\]\.chatTemplate, the chat template for m\.gguf, cannot be read: .* \(line 2\)$/,
        ) as string,
      }),
    );
    expect(() => format("{{ raise_exception('no') }}").render("x", "auto")).toThrow(
      expect.objectContaining({ message: "reward[1].chatTemplate, the chat template for m.gguf, does not render these messages: no" }),
    );
  });
});
