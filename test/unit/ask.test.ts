/** Questions as rewards: what is refused, how real templates write them, and how answers are recognised. */
import { describe, expect, it, vi } from "vitest";
import type { LoadOptions } from "../../src/index.js";
import { ChatFormat } from "../../src/model/chat.js";
import { thoughtEnd } from "../../src/model/closed-thought.js";
import { answerBegunBy, opinionOf, spellings } from "../../src/reward/ask/answer.js";
import { askOf } from "../../src/reward/ask/local.js";
import { questioned, questionTemplate } from "../../src/reward/ask/question.js";
import { Unanswered } from "../../src/reward/ask/unanswered.js";
import { resolveTerms } from "../../src/reward/terms.js";
import { isWhole } from "../../src/reward/whole.js";
import { expectError } from "../errors/expect-error.js";

const ASKED = { question: "Polite?", answers: ["yes", "no"] } as const;
const INSTRUCTED = "Polite?\n\nAnswer with one word, yes or no.";

describe("options", () => {
  it("are terms like others: functions to everyone, with a name and an identity of their own", () => {
    const [plain, weighted, other] = resolveTerms([
      { ask: " Polite?\n" },
      { reward: { ask: "Polite?", model: "judge.gguf", name: "manners" }, weight: -1, chatTemplate: "{{ 1 }}" },
      { ask: "Polite?", answers: ["no", "yes"] },
    ]);
    expect([plain, weighted].map((term) => (term?.reward as { name?: string } | undefined)?.name)).toEqual(["Polite?", "manners"]);
    expect(isWhole(plain?.reward)).toBe(true);
    expect(askOf(weighted?.reward)).toMatchObject({ model: "judge.gguf", template: { text: "{{ 1 }}" }, question: "Polite?" });
    expect(weighted).toMatchObject({ weight: -1 });
    const identities = [plain, weighted, other].map((term) => String(term?.reward));
    expect(new Set(identities).size).toBe(3);
    expect(identities.every((each) => each.includes("Polite?"))).toBe(true);
  });

  it.each<[reward: unknown, option: string, message: RegExp]>([
    [{ ask: " \n" }, "reward.ask", /reward\.ask must be a question, such as/],
    [{ ask: 5 }, "reward.ask", /must be a question.*got 5/],
    [{ ask: "Polite?", answers: ["yes", "YES "] }, "reward.answers", /two different words/],
    [{ ask: "Polite?", answers: ["yes"] }, "reward.answers", /two different words/],
    [{ ask: "Polite?", answers: ["yes", "no", "maybe"] }, "reward.answers", /two different words/],
    [{ ask: "Polite?", model: "" }, "reward.model", /model/],
    [{ ask: "Polite?", url: "http://localhost:1" }, "reward.model", /must name the server's model/],
    [{ ask: "Polite?", url: "here", model: "m" }, "reward.url", /must be a URL/],
    [{ ask: "Polite?", url: "http://localhost:1", model: "m", chatTemplate: "x" }, "reward.chatTemplate", /writes conversations itself/],
    [{ ask: "Polite?", apiKey: "secret" }, "reward.apiKey", /give its url/],
    [{ ask: "Polite?", weight: 2 }, "weight", /weight/],
    [{ reward: { ask: "Polite?" }, labels: { a: 1 } }, "reward.labels", /a question's is one/],
  ])("%o are refused", async (reward, option, message) => {
    const resolve = () => resolveTerms(reward as LoadOptions["reward"] & object);
    await expectError(resolve, "OPTION_INVALID", message);
    expect(resolve).toThrow(expect.objectContaining({ option: expect.stringContaining(option) as string }));
  });
});

/** As models have them, but for what tools, images and dates add. */
const TEMPLATES = {
  "Llama 3":
    "{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}",
  ChatML:
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
  SmolLM2:
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n' }}{% endif %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
  Gemma:
    "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}{% if (message['role'] == 'assistant') %}{% set role = 'model' %}{% else %}{% set role = message['role'] %}{% endif %}{{ '<start_of_turn>' + role + '\n' + message['content'] | trim + '<end_of_turn>\n' }}{% endfor %}{% if add_generation_prompt %}{{'<start_of_turn>model\n'}}{% endif %}",
  Mistral:
    "{{ bos_token }}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ message['content'] + eos_token}}{% else %}{{ raise_exception('Only user and assistant roles are supported!') }}{% endif %}{% endfor %}",
  Qwen3:
    "{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}{%- for message in messages[::-1] %}{%- set index = (messages|length - 1) - loop.index0 %}{%- if ns.multi_step_tool and message.role == \"user\" %}{%- set ns.multi_step_tool = false %}{%- set ns.last_query_index = index %}{%- endif %}{%- endfor %}{%- for message in messages %}{%- if (message.role == \"user\") or (message.role == \"system\") %}{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}{%- elif message.role == \"assistant\" %}{%- set content = message.content %}{%- set reasoning_content = '' %}{%- if '</think>' in message.content %}{%- set content = message.content.split('</think>')[-1].lstrip('\\n') %}{%- set reasoning_content = message.content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}{%- endif %}{%- if loop.index0 > ns.last_query_index and reasoning_content %}{{- '<|im_start|>' + message.role + '\\n<think>\\n' + reasoning_content.strip('\\n') + '\\n</think>\\n\\n' + content.lstrip('\\n') }}{%- else %}{{- '<|im_start|>' + message.role + '\\n' + content }}{%- endif %}{{- '<|im_end|>\\n' }}{%- endif %}{%- endfor %}{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}{%- endif %}",
  "Qwen3, always thinking":
    "{%- for message in messages %}{{- '<|im_start|>' + message.role + '\\n' + message.content.split('</think>\\n\\n')[-1] + '<|im_end|>\\n' }}{%- endfor %}{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n<think>\\n' }}{%- endif %}",
  "DeepSeek R1":
    "{{ bos_token }}{%- for message in messages %}{%- if message['role'] == 'user' %}{{'<｜User｜>' + message['content']}}{%- else %}{{'<｜Assistant｜>' + message['content'].split('</think>')[-1] + '<｜end▁of▁sentence｜>'}}{%- endif %}{%- endfor -%}{% if add_generation_prompt %}{{'<｜Assistant｜><think>\\n'}}{% endif %}",
  "gpt-oss":
    "{%- for message in messages %}{%- if message.role == 'assistant' %}{{- '<|start|>assistant<|channel|>final<|message|>' + message.content + '<|end|>' }}{%- else %}{{- '<|start|>' + message.role + '<|message|>' + message.content + '<|end|>' }}{%- endif %}{%- endfor %}{%- if add_generation_prompt %}{{- '<|start|>assistant' }}{%- endif %}",
} as const;

/** What stands before the answer's first token. */
function written(which: keyof typeof TEMPLATES, reply: string, options = {}): string {
  const chatTemplate = TEMPLATES[which];
  const format = new ChatFormat({ path: "m.gguf", chatTemplate, bosText: "<s>", eosText: "</s>" });
  const { text, spans } = format.render(
    questioned("Hi", reply, ASKED),
    questionTemplate({ mode: "none", variables: options, date: new Date(0) }),
  );
  return text + thoughtEnd(text.slice(spans.at(-1)?.end ?? 0), chatTemplate);
}

describe("a real template writes conversation, reply and question, up to the answer", () => {
  const llama = (role: string, text: string) => `<|start_header_id|>${role}<|end_header_id|>\n\n${text}`;
  const chatml = (role: string, text: string) => `<|im_start|>${role}\n${text}`;
  const end = "<|im_end|>\n";
  const conversation = chatml("user", `Hi${end}`) + chatml("assistant", `Ahoy${end}`) + chatml("user", `${INSTRUCTED}${end}`);

  it.each<[keyof typeof TEMPLATES, string]>([
    [
      "Llama 3",
      `<s>${llama("user", "Hi<|eot_id|>")}${llama("assistant", "Ahoy<|eot_id|>")}${llama("user", `${INSTRUCTED}<|eot_id|>`)}${llama("assistant", "")}`,
    ],
    ["ChatML", conversation + chatml("assistant", "")],
    [
      "SmolLM2",
      chatml("system", `You are a helpful AI assistant named SmolLM, trained by Hugging Face${end}`) +
        conversation +
        chatml("assistant", ""),
    ],
    [
      "Gemma",
      `<s><start_of_turn>user\nHi<end_of_turn>\n<start_of_turn>model\nAhoy<end_of_turn>\n<start_of_turn>user\n${INSTRUCTED}<end_of_turn>\n<start_of_turn>model\n`,
    ],
    ["Mistral", `<s>[INST] Hi [/INST]Ahoy</s>[INST] ${INSTRUCTED} [/INST]`],
    ["Qwen3", conversation + chatml("assistant", "<think>\n\n</think>\n\n")],
    ["Qwen3, always thinking", conversation + chatml("assistant", "<think>\n\n</think>\n\n")],
    ["DeepSeek R1", `<s><｜User｜>Hi<｜Assistant｜>Ahoy<｜end▁of▁sentence｜><｜User｜>${INSTRUCTED}<｜Assistant｜><think>\n\n</think>\n\n`],
    [
      "gpt-oss",
      `<|start|>user<|message|>Hi<|end|><|start|>assistant<|channel|>final<|message|>Ahoy<|end|><|start|>user<|message|>${INSTRUCTED}<|end|><|start|>assistant<|channel|>final<|message|>`,
    ],
  ])("%s", (which, text) => {
    expect(written(which, "Ahoy")).toBe(text);
  });

  it.each(Object.keys(TEMPLATES) as (keyof typeof TEMPLATES)[])("%s, of a reply that is empty or blank", (which) => {
    for (const reply of ["", " ", "\n"]) {
      expect(written(which, reply).replace(/\s/g, "")).toBe(written(which, "Ahoy").replace("Ahoy", "").replace(/\s/g, ""));
    }
  });

  it("without thoughts, whatever the caller's variables or the conversation say", () => {
    expect(written("Qwen3", "Ahoy", { enable_thinking: true })).toContain("</think>");
    const prompt = { messages: "Hi", templateVariables: { enable_thinking: true, other: 1 } };
    expect(questioned(prompt, "Ahoy", ASKED)).toMatchObject({ templateVariables: { enable_thinking: false, other: 1 } });
  });

  it("and refuses a role as it does in a prompt", () => {
    const format = new ChatFormat({ path: "m.gguf", chatTemplate: TEMPLATES.Gemma, bosText: "<s>", eosText: "</s>" });
    const prompt = [
      { role: "system", content: "Be kind." },
      { role: "user", content: "Hi" },
    ];
    for (const each of [prompt, questioned(prompt, "Ahoy", ASKED)])
      expect(() => format.render(each, questionTemplate())).toThrow(/System role not supported/);
  });
});

describe("answers", () => {
  it("are recognised by how they are spelled, with spaces before them, whole or begun", () => {
    expect(spellings("yes")).toEqual(["yes", "Yes", "YES"]);
    expect(spellings("oUI")).toEqual(["oUI", "oui", "Oui", "OUI"]);
    const sides = ["yes", " Yes", "▁YES", "ĠY", "No", "\nno", "N", "yEs", "not", "Yesterday", " ", "", "maybe"].map((token) =>
      answerBegunBy(token, ["yes", "no"]),
    );
    expect(sides).toEqual([0, 0, 0, 0, 1, 1, 1, undefined, undefined, undefined, undefined, undefined, undefined]);
    expect(answerBegunBy("T", ["true", "Tnot"])).toBeUndefined();
  });

  it("are weighed against each other", () => {
    const { reward, answered } = opinionOf([Math.log(0.3), Math.log(0.1)], [Math.log(0.1)]);
    expect(reward).toBeCloseTo(0.8, 12);
    expect(answered).toBeCloseTo(0.5, 12);
    expect(opinionOf([-800], [-801]).reward).toBeCloseTo(1 / (1 + Math.exp(-1)), 12);
    expect(opinionOf([], [])).toEqual({ reward: 0.5, answered: 0 });
    expect(opinionOf([-3], []).reward).toBe(1);
    expect(opinionOf([], [-3]).reward).toBe(0);
  });

  it("that are hardly ever given are told of, once a process", () => {
    const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    const watch = new Unanswered("Polite?", "m.gguf");
    for (const answered of [0.9, 0.01, 0.9, 0.01, 0.9, 0.01, 0.9]) watch.note(answered);
    expect(warned).not.toHaveBeenCalled();
    for (let at = 0; at < 20; at++) watch.note(0.001);
    const other = new Unanswered("Brief?", "n.gguf");
    for (let at = 0; at < 20; at++) other.note(0);
    expect(warned).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('m.gguf does not answer "Polite?"'), {
      type: "ArgsearchWarning",
      code: "ARGSEARCH_ASK_UNANSWERED",
    });
    warned.mockRestore();
  });
});
