import { describe, expect, it } from "vitest";
import { ChatFormat, type ChatModel } from "../../src/chat.js";
import type { Prompt } from "../../src/types.js";

const CHATML =
  "{{ bos_token }}{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}" +
  "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

const format = (model: Partial<ChatModel> = {}): ChatFormat =>
  new ChatFormat({ path: "m.gguf", chatTemplate: CHATML, bosText: "<s>", eosText: "</s>", ...model });

describe("ChatFormat", () => {
  it("renders a text as one user message", () => {
    const expected = { text: "<s><|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n", templated: true };
    expect(format().render("Hi", "auto")).toEqual(expected);
    expect(format().render([{ role: "user", content: "Hi" }], "auto")).toEqual(expected);
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
    expect(format().render("Hi", "none")).toEqual({ text: "Hi", templated: false });
    expect(format({ chatTemplate: null }).render("Hi", "auto")).toEqual({ text: "Hi", templated: false });
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
