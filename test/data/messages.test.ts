/** Messages of data lines: all that a chat template may read, as the API takes it. */
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  loadReward,
  type Prompt,
  type RewardModel,
  readPairs,
  readPrompts,
  readScorables,
  type ScoredLine,
  type ScoreInput,
  scoreLines,
} from "../../src/index.js";
import { modelFolder } from "../helpers/model-folder.js";

const source = (...lines: unknown[]): Readable => Readable.from([lines.map((line) => JSON.stringify(line)).join("\n")]);

async function read<T>(reader: (source: Readable, options: object) => AsyncGenerator<{ value: T }>, line: unknown): Promise<T | string> {
  const bad: string[] = [];
  for await (const { value } of reader(source(line), { onBadLine: ({ error }: { error: Error }) => bad.push(error.message) })) return value;
  return bad[0] ?? "nothing";
}

/** Arrays within one another. */
function nested(levels: number): unknown {
  let value: unknown = [];
  for (let level = 1; level < levels; level++) value = [value];
  return value;
}

const user = (content: string) => ({ role: "user", content });
const assistant = (content: string) => ({ role: "assistant", content });
const calls = { role: "assistant", content: null, tool_calls: [{ id: "c", function: { name: "f", arguments: { x: 1 } } }] };
const result = { role: "tool", name: "f", tool_call_id: "c", content: "2" };
const thought = { role: "assistant", content: "b", reasoning_content: "r" };
const tools = [{ type: "function", function: { name: "f" } }];

describe("data lines keep", () => {
  it("every field of a message", async () => {
    const messages = [user("a"), calls, result, assistant("b")];
    expect(await read(readScorables, { messages })).toEqual({ prompt: messages.slice(0, -1), response: "b" });
    expect(await read(readPrompts, { messages: [user("a"), calls, result] })).toEqual([user("a"), calls, result]);
    const pair = { chosen: messages, rejected: [...messages.slice(0, -1), assistant("c")] };
    expect(await read(readPairs, pair)).toEqual({ prompt: messages.slice(0, -1), chosen: "b", rejected: "c" });
  });

  it("those of an answer, too", async () => {
    expect(await read(readScorables, { messages: [user("a"), thought] })).toEqual({ prompt: [user("a")], response: thought });
    expect(await read(readScorables, { prompt: "a", response: thought })).toEqual({ prompt: "a", response: thought });
    expect(await read(readScorables, { prompt: "a", response: [assistant("b")] })).toEqual({ prompt: "a", response: "b" });
    const pair = { prompt: "a", chosen: [thought], rejected: [assistant("b")] };
    expect(await read(readPairs, pair)).toEqual({ prompt: [user("a")], chosen: thought, rejected: "b" });
  });

  it("nothing of fields that are null", async () => {
    const nulls = { name: null, tool_calls: null };
    const line = { messages: [user("a"), { ...assistant("b"), ...nulls }] };
    expect(await read(readScorables, line)).toEqual({ prompt: [user("a")], response: "b" });
  });

  it("text parts as they are", async () => {
    const parts = { role: "user", content: [{ type: "text", text: "a" }] };
    expect(await read(readPrompts, { messages: [parts] })).toEqual([parts]);
  });

  it.each<[string, object, Prompt]>([
    ["tools", { tools }, { messages: "a", tools }],
    ["tools as JSON in a text", { tools: JSON.stringify(tools) }, { messages: "a", tools }],
    ["documents", { documents: [{ text: "t" }] }, { messages: "a", documents: [{ text: "t" }] }],
    ["variables", { chat_template_kwargs: { enable_thinking: false } }, { messages: "a", templateVariables: { enable_thinking: false } }],
    ["a system message", { system: "s" }, [{ role: "system", content: "s" }, user("a")]],
    [
      "all of them",
      { system: "s", tools, documents: [] },
      { messages: [{ role: "system", content: "s" }, user("a")], tools, documents: [] },
    ],
    ["nothing", { tools: null, documents: null, system: null, chat_template_kwargs: null }, "a"],
    ["nothing in empty texts", { tools: "", system: "" }, "a"],
  ])("columns beside the prompt: %s", async (_, columns, prompt) => {
    expect(await read(readPrompts, { prompt: "a", ...columns })).toEqual(prompt);
    expect(await read(readScorables, { prompt: "a", response: "b", ...columns })).toEqual({ prompt, response: "b" });
    expect(await read(readPairs, { prompt: "a", chosen: "b", rejected: "c", ...columns })).toEqual({ prompt, chosen: "b", rejected: "c" });
  });

  it("one system message", async () => {
    const messages = [{ role: "system", content: "s" }, user("a")];
    expect(await read(readPrompts, { messages, system: "s" })).toEqual(messages);
    expect(await read(readPrompts, { messages, system: "t" })).toContain("two different system messages");
  });

  it("one prompt of a pair, whatever either side notes beside it", async () => {
    const noted = { ...user("a"), id: 7 };
    expect(await read(readPairs, { prompt: [user("a")], chosen: [noted, assistant("b")], rejected: [user("a"), assistant("c")] })).toEqual({
      prompt: [noted],
      chosen: "b",
      rejected: "c",
    });
    const other = { ...calls, tool_calls: [] };
    expect(await read(readPairs, { chosen: [user("a"), calls, thought], rejected: [user("a"), other, assistant("c")] })).toContain(
      "different prompts",
    );
  });

  it("one prompt of a pair, as text or as parts", async () => {
    const parts = (role: string, ...texts: string[]) => ({ role, content: texts.map((text) => ({ type: "text", text })) });
    const [chosen, rejected] = [assistant("b"), assistant("c")];
    const pair = { prompt: [user("a")], chosen: "b", rejected: "c" };
    expect(await read(readPairs, { prompt: [parts("user", "a")], chosen: [user("a"), chosen], rejected: [user("a"), rejected] })).toEqual(
      pair,
    );
    expect(await read(readPairs, { chosen: [user("a"), chosen], rejected: [parts("user", "a"), rejected] })).toEqual(pair);
    const transcripts = { chosen: "\n\nHuman: a\n\nAssistant: b", rejected: "\n\nHuman: a\n\nAssistant: c" };
    expect(await read(readPairs, { prompt: [parts("user", "a")], ...transcripts })).toEqual(pair);
    expect(await read(readPairs, { prompt: "a", chosen: [parts("assistant", "b")], rejected: [chosen] })).toContain("identical");
    const system = [parts("system", "s"), user("a")];
    expect(await read(readPrompts, { messages: system, system: "s" })).toEqual(system);
  });

  it.each<[object, string]>([
    [
      { messages: [{ role: "user", content: [{ type: "image_url" }] }] },
      'messages[0].content[0] must be a part { type: "text", text: string }: only texts can be read, got one of type "image_url"',
    ],
    [{ messages: [{ role: "user", content: null }] }, "messages[0] must be a message"],
    [{ prompt: "a", tools: "f" }, 'the field "tools" is not JSON: '],
    [{ prompt: "a", tools: {} }, 'the field "tools" must be an array'],
    [{ prompt: "a", system: 5 }, 'the field "system" must be a text'],
    [{ prompt: "a", chat_template_kwargs: [] }, "must be an object"],
    [{ prompt: "a", chat_template_kwargs: { messages: [] } }, "must not set messages"],
  ])("what they can: %o is refused", async (line, message) => {
    expect(await read(readPrompts, line)).toContain(message);
  });

  it.each<[string, (deep: unknown) => object]>([
    ["tools", (deep) => ({ prompt: "a", response: "b", tools: [deep] })],
    ["tools in a text", (deep) => ({ prompt: "a", response: "b", tools: JSON.stringify([deep]) })],
    ["a message's field", (deep) => ({ messages: [{ ...user("a"), x: deep }, assistant("b")] })],
    ["a field that nobody reads", (deep) => ({ text: "a", x: deep })],
  ])("nothing that is nested too deeply, in %s", async (_, line) => {
    expect(await read(readScorables, line(nested(3000)))).toContain("is nested more than 500 levels deep");
    expect(await read(readScorables, line(nested(400)))).toEqual(expect.any(Object));
  });

  it("no response that is another's", async () => {
    expect(await read(readScorables, { prompt: "a", response: user("b") })).toContain("one message of the assistant");
  });
});

describe("files and programs read alike", () => {
  const template =
    "{% for t in tools or [] %}{{ t.function.name }}:{% endfor %}{{ mood }}{% for d in documents or [] %}{{ d.text }}{% endfor %}" +
    "{% for m in messages %}{{ m.role[0] }}{{ m.name }}{{ m.tool_calls | tojson | length if m.tool_calls }}:{{ m.reasoning_content }}{{ m.content }}.{% endfor %}";
  const models = modelFolder();
  const judge = models.write({ seed: 3, labels: ["reward"], chatTemplate: template });
  let model: RewardModel;

  beforeAll(async () => {
    model = await loadReward({ reward: judge.path, gpu: false, threads: 1 });
  });
  afterAll(() => model.dispose());

  it.each<[string, object, ScoreInput]>([
    ["tool calls", { messages: [user("a"), calls, result, assistant("b")] }, { prompt: [user("a"), calls, result], response: "b" }],
    ["tools", { prompt: "a", response: "b", tools }, { prompt: { messages: "a", tools }, response: "b" }],
    [
      "documents",
      { prompt: "a", response: "b", documents: [{ text: "t" }] },
      { prompt: { messages: "a", documents: [{ text: "t" }] }, response: "b" },
    ],
    [
      "variables",
      { prompt: "a", response: "b", chat_template_kwargs: { mood: "sad" } },
      { prompt: { messages: "a", templateVariables: { mood: "sad" } }, response: "b" },
    ],
    ["system", { prompt: "a", response: "b", system: "s" }, { prompt: [{ role: "system", content: "s" }, user("a")], response: "b" }],
    ["reasoning", { messages: [user("a"), thought] }, { prompt: [user("a")], response: thought }],
  ])("%s", async (_, line, input) => {
    const plain = await model.score({ prompt: "a", response: "b" });
    const { reward } = await model.score([input]).then(([first]) => first ?? plain);
    const lines: ScoredLine[] = [];
    for await (const each of scoreLines(model, source(line))) lines.push(each);
    expect(lines).toEqual([expect.objectContaining({ reward: expect.closeTo(reward, 5) as number })]);
    expect(Math.abs(reward - plain.reward)).toBeGreaterThan(1e-3);
  });
});
