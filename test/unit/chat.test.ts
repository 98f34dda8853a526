import { describe, expect, it } from "vitest";
import { BoundedTemplate } from "../../src/model/bounded-template.js";
import { ChatFormat, type ChatModel } from "../../src/model/chat.js";
import { templateOf } from "../../src/model/template-options.js";
import type { Prompt } from "../../src/types.js";

const CHATML =
  "{{ bos_token }}{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}" +
  "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

const format = (model: Partial<ChatModel> = {}): ChatFormat =>
  new ChatFormat({ path: "m.gguf", chatTemplate: CHATML, bosText: "<s>", eosText: "</s>", ...model });

describe("ChatFormat", () => {
  it("renders a text as one user message", () => {
    const expected = { text: "<s><|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n", templated: true };
    expect(format().render("Hi", "auto")).toMatchObject(expected);
    expect(format().render([{ role: "user", content: "Hi" }], "auto")).toMatchObject(expected);
  });

  it("renders conversations", () => {
    const messages = [
      { role: "system", content: "Be brief." },
      { role: "user", content: "Hi" },
      { role: "assistant", content: "Hello" },
      { role: "user", content: "Bye" },
    ];
    expect(format().render(messages, "auto").text).toBe(
      "<s><|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n" +
        "<|im_start|>assistant\nHello<|im_end|>\n<|im_start|>user\nBye<|im_end|>\n<|im_start|>assistant\n",
    );
  });

  it("leaves a text raw with none, or without a template", () => {
    expect(format().render("Hi", "none")).toMatchObject({ text: "Hi", templated: false });
    expect(format({ chatTemplate: null }).render("Hi", "auto")).toMatchObject({ text: "Hi", templated: false });
  });

  it.each<[string, Prompt, "auto" | "none", Partial<ChatModel>, string, RegExp]>([
    ["an empty text", "", "auto", {}, "PROMPT_EMPTY", /empty text/],
    ["no messages", [], "auto", {}, "PROMPT_EMPTY", /no messages/],
    ["messages with none", [{ role: "user", content: "x" }], "none", {}, "OPTION_INVALID", /messages need a chat template/],
    ["messages without a template", [{ role: "user", content: "x" }], "auto", { chatTemplate: null }, "TEMPLATE_INVALID", /m\.gguf has no/],
    ["a torn template", "x", "auto", { chatTemplate: "{% for %}" }, "TEMPLATE_INVALID", /chat template of m\.gguf/],
    ["a template that refuses", "x", "auto", { chatTemplate: "{{ raise_exception('roles!') }}" }, "TEMPLATE_INVALID", /roles!/],
    ["a number", 5 as never, "auto", {}, "OPTION_INVALID", /prompt must be a text or an array of messages, got 5/],
    ["no role", [{ content: "x" }] as never, "auto", {}, "OPTION_INVALID", /prompt\[0\] must be a message/],
    ["content of parts", [{ role: "user", content: [] }] as never, "auto", {}, "OPTION_INVALID", /content: string/],
  ])("refuses %s", (_, prompt, mode, model, code, message) => {
    expect(() => format(model).render(prompt, mode)).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }));
  });
});

describe("what is not JSON", () => {
  class Text {
    get text(): string {
      return "hi";
    }
  }
  class Message {
    role = "user";
    get content(): string {
      return "hi";
    }
  }
  const refused = (render: () => unknown, code: string, message: string): void =>
    expect(render).toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) as string }));

  it.each<[string, unknown]>([
    ["a Date", new Date(0)],
    ["a Map", new Map([[1, 2]])],
    ["a URL", new URL("http://x.y")],
    ["a Text", new Text()],
    ["a Uint8Array", new Uint8Array(2)],
    ["a function", () => 1],
    ["a bigint", 5n],
    ["a symbol", Symbol("x")],
  ])("is refused at its place: %s", (what, value) => {
    const messages = [{ role: "user", content: "x" }];
    const given = { a: [1, { "b c": { d: value } }] };
    const rendered = (prompt: object, variables = {}) => format().render(prompt as Prompt, templateOf({ templateVariables: variables }));
    refused(() => rendered({ messages, tools: [given] }), "OPTION_INVALID", "prompt.tools[0].a[1][…].d must be JSON");
    refused(() => rendered({ messages, documents: [value] }), "OPTION_INVALID", `got ${what}`);
    refused(() => rendered({ messages, templateVariables: given }), "OPTION_INVALID", "prompt.templateVariables.a[1][…].d");
    refused(() => rendered([{ ...messages[0], name: value }]), "OPTION_INVALID", "prompt[0].name must be JSON");
    refused(() => rendered(messages, given), "OPTION_INVALID", "templateVariables.a[1][…].d");
    const answer = { role: "assistant", content: "y", extra: value } as never;
    refused(() => format().renderAnswered("x", answer, templateOf()), "OPTION_INVALID", "response.extra");
  });

  it("is a message with getters", () => {
    refused(() => format().render([new Message() as never], "auto"), "OPTION_INVALID", "prompt[0] must be JSON");
  });

  it("is what holds itself, or is very deep", () => {
    const nested = (depth: number): unknown[] => JSON.parse("[".repeat(depth) + "]".repeat(depth)) as unknown[];
    const own: Record<string, unknown> = {};
    own.own = own;
    const render = (tools: unknown[]) => format({ chatTemplate: "{{ tools | tojson }}" }).render({ messages: "x", tools }, "auto").text;
    for (const tools of [[own], nested(501), nested(50_000)])
      refused(() => render(tools), "INPUT_INVALID", "prompt.tools is nested more than 500 deep");
    expect(render(nested(500))).toBe("[".repeat(500) + "]".repeat(500));
  });

  it("are not large integers, objects without a prototype and absent fields", () => {
    const bare = Object.assign(Object.create(null) as object, { n: 2 ** 60, big: 1e21, none: undefined });
    const { text } = format({ chatTemplate: "{{ tools | tojson }}{{ tools[0].n is integer }}" }).render(
      { messages: "x", tools: [bare] },
      "auto",
    );
    expect(text).toBe('[{"n": 1152921504606846976, "big": 1e+21}]True');
  });
});

describe("a hostile template", () => {
  const doubling = (start: string, by: string) => `{% set x = ${start} %}${`{% set x = ${by} %}`.repeat(40)}{{ x | length }}`;
  const fails = (chatTemplate: string, reason: RegExp): void => {
    const message = expect.stringMatching(reason) as string;
    expect(() => format({ chatTemplate }).render("x", "auto")).toThrow(expect.objectContaining({ code: "TEMPLATE_INVALID", message }));
  };

  it.each([
    ["a range without end", "{{ range(300000000) | length }}", /range\(\) of more than 100000 items/],
    ["a range backwards", "{{ range(5, -300000000, -1) | length }}", /range\(\) of more than/],
    ["an array that doubles", doubling("range(9)", "x + x"), /array of more than 100000 items/],
    ["a text that doubles", doubling("'ab'", "x ~ x"), /text of more than 4194\d+ characters/],
    ["a text that grows in a loop", `{% for i in range(99999) %}${"x".repeat(50)}{% endfor %}`, /text of more than/],
    ["a range by nothing", "{{ range(1, 2, 0) }}", /step must not be zero/],
    ["itself too long", "x".repeat(1_100_000), /longer than 1048576 characters/],
    ["a macro that calls itself", "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", /./],
  ])("%s", (_, template, reason) => fails(template, reason));

  it.each([
    ["{% set r = range(100000) %}{% for i in r %}{% for j in r %}{% endfor %}{% endfor %}"],
    [`{% set x = [1] %}${"{% set x = [x, x] %}".repeat(60)}{{ x | tojson }}`],
  ])("is stopped after its time, whatever it is busy with: %s", (source) => {
    expect(() => new BoundedTemplate(source, 100).render({}, 0)).toThrow("it takes longer than 0.1 seconds");
    expect(format().render("Hi", "auto").text).toContain("Hi");
  });

  it("is not one that has long messages to render", () => {
    const content = "long ".repeat(2_000_000);
    expect(format().render(content, "auto").text).toContain(content);
  });
});

describe("what templates may use", () => {
  it.each([
    [
      "{{ range(3) | join(',') }} {{ range(1, 3) | join(',') }} {{ range(5, 0, -2) | join(',') }} {{ range(3, 1) | length }}",
      "0,1,2 1,2 5,3,1 0",
    ],
    ["{{ true and True }} {{ false or False }} {{ none is none }} {{ None is none }}", "True False True True"],
    ["{{ strftime_now('%Y') }}", String(new Date().getFullYear())],
    ["{% set x = [] | first %}{{ x is defined }}", "False"],
    ["{{ namespace(a=1).a }}", "1"],
  ])("%s", (chatTemplate, text) => {
    expect(format({ chatTemplate }).render("x", "auto").text).toBe(text);
  });
});
