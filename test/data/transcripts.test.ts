/** Transcripts: what begins a turn in them, pieces of them, answers that repeat the prompt, and texts with half a character. */
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { readPairs, readPrompts, readScorables } from "../../src/index.js";

type Reader = (source: Readable, options: object) => AsyncGenerator<{ value: unknown }>;

async function read(reader: Reader, line: unknown): Promise<unknown> {
  const bad: string[] = [];
  const onBadLine = ({ error }: { error: Error & { code: string } }) => bad.push(`${error.code}: ${error.message}`);
  const text = typeof line === "string" ? line : JSON.stringify(line);
  for await (const { value } of reader(Readable.from([text]), { onBadLine })) return value;
  return bad[0] ?? "nothing";
}

const user = (content: string) => ({ role: "user", content });
const assistant = (content: string) => ({ role: "assistant", content });
const human = (text: string) => `\n\nHuman: ${text}\n\nAssistant:`;

describe("pieces of a transcript", () => {
  it.each([" good", "good", "\n\tgood \n", "\r\ngood", "\u00a0good", "\n\nAssistant: good"])(
    "say what the whole one says: %j",
    async (response) => {
      const whole = { prompt: [user("A")], response: "good" };
      expect(await read(readScorables, { prompt: human("A"), response })).toEqual(whole);
      const pair = { prompt: [user("A")], chosen: "good", rejected: "bad" };
      expect(await read(readPairs, { prompt: human("A"), chosen: response, rejected: " bad" })).toEqual(pair);
      expect(await read(readPairs, { chosen: `${human("A")} good`, rejected: `${human("A")} bad` })).toEqual(pair);
    },
  );

  it("are empty when nothing is said in them", async () => {
    expect(await read(readScorables, { prompt: human("A"), response: " \n" })).toMatch(/INPUT_INVALID: .*response is empty/);
    expect(await read(readPairs, { prompt: human("A"), chosen: " ", rejected: "b" })).toMatch(/INPUT_INVALID: .*chosen response is empty/);
  });

  it("are texts as they are beside another prompt", async () => {
    const [text, messages] = [
      { prompt: "A", response: " good\r\n" },
      { prompt: [user("A")], response: " good\r\n" },
    ];
    expect(await read(readScorables, text)).toEqual(text);
    expect(await read(readScorables, messages)).toEqual(messages);
  });
});

describe("a turn of a transcript", () => {
  it.each(["\n\n\t", "\n\n ", "\n\u00a0\n", "\n\u3000\n\u00a0", "\u2029", "\u2029 ", "\n\n\n  "])("may stand behind %j", async (mark) => {
    const prompt = `${mark}Human: A${mark}Assistant: b${mark}Human: c${mark}Assistant:`;
    expect(await read(readPrompts, { prompt })).toEqual([user("A"), assistant("b"), user("c")]);
    expect(await read(readScorables, { prompt, response: "d" })).toEqual({
      prompt: [user("A"), assistant("b"), user("c")],
      response: "d",
    });
  });

  it.each(["\n", "\r\n", "\n  ", "\u2028"])("may stand behind one line end where all do: %j", async (mark) => {
    const prompt = `Human: A${mark}more${mark}Assistant: b${mark}Human: c${mark}Assistant:`;
    const more = `A${mark.replace("\r", "")}more`;
    for (const each of [prompt, `\n\n${prompt}`])
      expect(await read(readPrompts, { prompt: each })).toEqual([user(more), assistant("b"), user("c")]);
    const pair = { chosen: `Human: A${mark}Assistant: b`, rejected: `Human: A${mark}Assistant: c` };
    expect(await read(readPairs, pair)).toEqual({ prompt: [user("A")], chosen: "b", rejected: "c" });
  });

  it("stands behind either in a transcript that has both", async () => {
    const prompt = "Human: A\nAssistant: b\n\nHuman: c\n\nAssistant:";
    expect(await read(readPrompts, { prompt })).toEqual([user("A"), assistant("b"), user("c")]);
  });

  it.each([
    "What does Human: mean?",
    "Complete this:\nHuman: A\nAssistant:",
    "Complete this:\n\nHuman: A\n\nAssistant:",
    "He said\n\tHuman: it is.",
    "The log:\u2029Human: A",
    "Humans: all of them\nAssistant: one",
  ])("is none in %j", async (prompt) => {
    expect(await read(readPrompts, { prompt })).toBe(prompt);
  });

  it.each([
    ["A\nHuman: b", [user("A\nHuman: b")]],
    ["A\nAssistant: b\nAssistant: c", [user("A\nAssistant: b\nAssistant: c")]],
    ["A\nAssistant: b\n\nAssistant: c\n\nHuman: d", [user("A\nAssistant: b"), assistant("c"), user("d")]],
    ["A says: Assistant: b", [user("A says: Assistant: b")]],
  ])("is none within a turn: %j", async (text, turns) => {
    expect(await read(readPrompts, { prompt: `\n\nHuman: ${text}` })).toEqual(turns);
  });
});

describe("answers that repeat the prompt", () => {
  const [good, bad] = [`${human("A")} good`, `${human("A")} bad`];
  const pair = { prompt: [user("A")], chosen: "good", rejected: "bad" };

  it.each<[string, unknown]>([
    ["a transcript", human("A")],
    ["a transcript without the empty turn", "Human: A"],
    ["a text", "A"],
    ["messages", [user("A")]],
  ])("are understood on one side or both, and in a response: %s", async (_, prompt) => {
    expect(await read(readPairs, { prompt, chosen: good, rejected: bad })).toEqual(pair);
    expect(await read(readPairs, { prompt, chosen: good, rejected: " bad" })).toEqual(pair);
    expect(await read(readPairs, { prompt, chosen: " good", rejected: bad })).toEqual(pair);
    expect(await read(readScorables, { prompt, response: good })).toEqual({ prompt: [user("A")], response: "good" });
    const longer = { prompt: [user("A"), assistant("good"), user("b")], response: "c" };
    expect(await read(readScorables, { prompt, response: `${good}${human("b")} c` })).toEqual(longer);
  });

  it.each<[string, unknown]>([
    ["a transcript", human("B")],
    ["a text", "B"],
    ["messages", [user("B")]],
  ])("are refused with another prompt: %s", async (_, prompt) => {
    const refused = /^INPUT_INVALID: .*another prompt/;
    const own = `${human("B")} c`;
    const pairs = [
      { chosen: good, rejected: bad },
      { chosen: good, rejected: "bad" },
      { chosen: "good", rejected: bad },
      { chosen: own, rejected: bad },
      { chosen: good, rejected: own },
    ];
    for (const sides of pairs) {
      expect(await read(readPairs, { prompt, ...sides })).toMatch(refused);
      expect(await read(readPrompts, { prompt, ...sides })).toMatch(refused);
    }
    expect(await read(readScorables, { prompt, response: good })).toMatch(refused);
  });

  it("are refused without an answer", async () => {
    expect(await read(readScorables, { prompt: human("A"), response: "\n\nHuman: A" })).toMatch(/^INPUT_INVALID: .*assistant's answer/);
    expect(await read(readScorables, { prompt: human("A"), response: human("A") })).toMatch(/^INPUT_INVALID: .*empty/);
  });

  it("are ordinary texts where a dialogue was asked for", async () => {
    const line = { prompt: "Write a dialogue.", response: "Human: Hi.\n\nAssistant: Hello." };
    expect(await read(readScorables, line)).toEqual(line);
    const texts = { prompt: "Write a dialogue.", chosen: line.response, rejected: "No." };
    expect(await read(readPairs, texts)).toEqual(texts);
    const word = { prompt: human("A word?"), response: " Human: one of us." };
    expect(await read(readScorables, word)).toEqual({ prompt: [user("A word?")], response: "Human: one of us." });
  });

  it("as messages answer that prompt and no other", async () => {
    const sides = (question: string) => ({
      chosen: [user(question), assistant("good")],
      rejected: [user(question), assistant("bad")],
    });
    for (const prompt of ["A", " A\r\n", human("A")]) expect(await read(readPairs, { prompt, ...sides("A") })).toEqual(pair);
    for (const prompt of ["A", human("A")]) {
      expect(await read(readPairs, { prompt, ...sides("Other") })).toMatch(/^INPUT_INVALID: /);
      expect(await read(readPrompts, { prompt, ...sides("Other") })).toMatch(/^INPUT_INVALID: /);
    }
    const answers = { chosen: [assistant("good")], rejected: [assistant("bad")] };
    expect(await read(readPairs, { prompt: human("A"), ...answers })).toEqual(pair);
    const last = [user("a"), assistant("b"), user("A")];
    const longer = { prompt: "A", chosen: [...last, assistant("good")], rejected: [...last, assistant("bad")] };
    expect(await read(readPairs, longer)).toEqual({ ...pair, prompt: last });
  });
});

describe("half a character", () => {
  const refused = /^INPUT_INVALID: .*holds half a character/;
  const half = "a\\ud800b";

  it.each([
    `{"text":"${half}"}`,
    `{"prompt":"${half}","response":"b"}`,
    `{"prompt":"a","response":"\\udc00"}`,
    `{"prompt":"a","response":{"role":"assistant","content":"${half}"}}`,
    `{"prompt":[{"role":"user","content":"${half}"}],"response":"b"}`,
    `{"prompt":[{"role":"user","content":[{"type":"text","text":"${half}"}]}],"response":"b"}`,
    `{"messages":[{"role":"user","content":"a","name":"${half}"},{"role":"assistant","content":"b"}]}`,
    `{"prompt":"${half}","chosen":"b","rejected":"c"}`,
    `{"prompt":"a","chosen":"b","rejected":"${half}"}`,
    `{"chosen":"\\n\\nHuman: ${half}\\n\\nAssistant: b","rejected":"\\n\\nHuman: ${half}\\n\\nAssistant: c"}`,
    `{"history":"${half}","human_ref_A":"a","human_ref_B":"b","labels":1}`,
    `{"prompt":"a","response":"b","system":"${half}"}`,
    `{"prompt":"a","response":"b","tools":[{"name":"${half}"}]}`,
    `{"prompt":"a","response":"b","tools":"[\\"\\\\ud800\\"]"}`,
    `{"prompt":"a","response":"b","documents":[{"${half}":1}]}`,
    `{"prompt":"a","response":"b","chat_template_kwargs":{"x":"${half}"}}`,
  ])("costs its line: %s", async (line) => {
    expect(await read(readScorables, line)).toMatch(refused);
  });

  it.each([`{"prompt":"${half}"}`, `{"messages":[{"role":"user","content":"${half}"}]}`])("costs a prompt's line: %s", async (line) => {
    expect(await read(readPrompts, line)).toMatch(refused);
  });

  it("is not what a pair of them makes, nor its name", async () => {
    expect(await read(readScorables, `{"text":"a\\ud83d\\ude00 \\\\ud800"}`)).toEqual({ text: "a😀 \\ud800" });
    expect(await read(readPrompts, `{"prompt":"a","chosen":"${half}","rejected":"b"}`)).toBe("a");
  });
});

describe("prompts of pairs", () => {
  const answered = [user("A"), assistant("b")];

  it.each<[string, object]>([
    ["texts", { prompt: answered, chosen: "c", rejected: "d" }],
    ["messages", { prompt: answered, chosen: [assistant("c")], rejected: [assistant("d")] }],
    ["whole conversations", { prompt: answered, chosen: [...answered, assistant("c")], rejected: [...answered, assistant("d")] }],
    ["a transcript", { prompt: "\n\nHuman: A\n\nAssistant: b", chosen: "c", rejected: "d" }],
    ["no prompt apart", { chosen: [...answered, assistant("c")], rejected: [...answered, assistant("d")] }],
    ["one side", { chosen: [...answered, assistant("c")] }],
    ["the role model", { prompt: [user("A"), { role: "model", content: "b" }], chosen: "c", rejected: "d" }],
    ["the role Assistant", { messages: [user("A"), { role: "Assistant", content: "b" }] }],
    ["the role MODEL", { prompt: [user("A"), { role: "MODEL", content: "b" }] }],
    [
      "sides of the role model",
      { chosen: [user("A"), { role: "model", content: "b" }], rejected: [user("A"), { role: "model", content: "c" }] },
    ],
  ])("stand without the answer that is recorded with them: %s", async (_, line) => {
    expect(await read(readPrompts, line)).toEqual([user("A")]);
    expect(await read(readPrompts, { ...line, system: "s" })).toEqual([{ role: "system", content: "s" }, user("A")]);
  });

  it("as pairs keep it: what is compared goes on behind it", async () => {
    const pair = { prompt: answered, chosen: "c", rejected: "d" };
    expect(await read(readPairs, pair)).toEqual(pair);
    expect(await read(readPairs, { ...pair, prompt: "\n\nHuman: A\n\nAssistant: b" })).toEqual(pair);
  });

  const shp = { history: "P", human_ref_A: "a", human_ref_B: "b" };
  const hh = `${human("P")} a`;
  it.each<[unknown, object]>([
    ["P", { prompt: "P", chosen: "x", rejected: "x" }],
    ["P", { prompt: "P", chosen: "x", rejected: null }],
    ["P", { prompt: "P", chosen: null, rejected: "x" }],
    ["P", { prompt: "P", chosen: "x", rejected: "" }],
    ["P", { prompt: "P", chosen: "", rejected: "x" }],
    ["P", { prompt: "P", chosen: 7, rejected: 8 }],
    ["P", { prompt: "P", chosen: [{ role: "assistant" }], rejected: [] }],
    ["P", { ...shp, labels: null }],
    ["P", { ...shp, labels: 2 }],
    ["P", { ...shp, human_ref_B: "a", labels: 1 }],
    ["P", { ...shp, human_ref_A: null, labels: 1 }],
    ["P", { ...shp, human_ref_B: null, labels: 1 }],
    [[user("P")], { prompt: "", messages: [user("P"), assistant("b")] }],
    [[user("P")], { prompt: [], messages: [user("P")] }],
    [[user("P")], { prompt: "", chosen: hh, rejected: hh }],
    [[user("P")], { chosen: hh, rejected: hh }],
    [[user("P")], { chosen: hh, rejected: null }],
    [[user("P")], { chosen: human("P"), rejected: "" }],
    [[user("P")], { chosen: "", rejected: hh }],
    [[user("P")], { chosen: [user("P"), assistant("")], rejected: [user("P")] }],
    [[user("P")], { chosen: [user("P"), assistant("b")], rejected: "b" }],
  ])("are %j whatever is wrong with the answers: %o", async (prompt, line) => {
    expect(await read(readPrompts, line)).toEqual(prompt);
  });

  it.each<[RegExp, object]>([
    [/prompt is empty/, { prompt: "", chosen: "x", rejected: "y" }],
    [/prompt is empty/, { prompt: "" }],
    [/prompt is empty/, { ...shp, history: "", labels: 1 }],
    [/"prompt" must be a text/, { prompt: 7, chosen: "x", rejected: "y" }],
    [/no prompt/, { chosen: "x", rejected: "y" }],
    [/no message before the answer/, { chosen: [assistant("x")], rejected: [assistant("y")] }],
    [/different prompts/, { chosen: hh, rejected: `${human("Q")} a` }],
  ])("are refused as %s: %o", async (reason, line) => {
    expect(await read(readPrompts, line)).toMatch(reason);
  });
});
