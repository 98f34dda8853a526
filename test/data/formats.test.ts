import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { type DataSource, type PreferencePair, readPairs, readPrompts, readScorables } from "../../src/index.js";

const source = (...lines: unknown[]): DataSource => Readable.from([lines.map((line) => textOf(line)).join("\n")]);
const textOf = (line: unknown): string => (typeof line === "string" ? line : JSON.stringify(line));

/** Values and "line: message" of what was refused. */
async function collect<T>(read: (onBadLine: (bad: { number: number; error: Error }) => void) => AsyncIterable<T>) {
  const values: T[] = [];
  const bad: string[] = [];
  for await (const value of read(({ number, error }) => bad.push(`${number}: ${error.message}`))) values.push(value);
  return { values, bad };
}

async function pairOf(fields: unknown): Promise<PreferencePair | string> {
  const { values, bad } = await collect((onBadLine) => readPairs(source(fields), { onBadLine }));
  return values[0]?.value ?? bad[0] ?? "nothing";
}

const user = (content: string) => ({ role: "user", content });
const assistant = (content: string) => ({ role: "assistant", content });

describe("preference pairs", () => {
  it("of HH-RLHF are transcripts", async () => {
    const before = "\n\nHuman: Hi.\n\nAssistant: Hello!\n\nHuman: What is\n\nrain?\n\nAssistant:";
    expect(await pairOf({ chosen: `${before} Water.`, rejected: `${before} I don't know.\n` })).toEqual({
      prompt: [user("Hi."), assistant("Hello!"), user("What is\n\nrain?")],
      chosen: "Water.",
      rejected: "I don't know.",
    });
  });

  it("of HH-RLHF may have the prompt apart", async () => {
    const pair = { prompt: "\n\nHuman: Hi.\n\nAssistant:", chosen: " Hello!", rejected: " Go." };
    expect(await pairOf(pair)).toEqual({ ...pair, prompt: [user("Hi.")] });
  });

  it.each([
    ["a transcript", "\n\nHuman: Hi.\n\nAssistant:"],
    ["a transcript without the empty turn", "Human: Hi."],
    ["a text", "Hi."],
    ["messages", [user("Hi.")]],
  ])("of HH-RLHF may repeat it in both sides: %s", async (_name, prompt) => {
    const [chosen, rejected] = ["\n\nHuman: Hi.\n\nAssistant: Hello!", "\n\nHuman: Hi.\n\nAssistant: Go."];
    const pair = { prompt: [user("Hi.")], chosen: "Hello!", rejected: "Go." };
    expect(await pairOf({ prompt, chosen, rejected })).toEqual(pair);
    const more = { chosen: `${chosen}\n\nHuman: Why?\n\nAssistant: So.`, rejected: `${chosen}\n\nHuman: Why?\n\nAssistant: No.` };
    const longer = { prompt: [user("Hi."), assistant("Hello!"), user("Why?")], chosen: "So.", rejected: "No." };
    expect(await pairOf({ prompt, ...more })).toEqual(longer);
    expect(await pairOf({ prompt, chosen, rejected: "Go." })).toMatchObject({ chosen, rejected: "Go." });
    expect(await pairOf({ prompt: "Bye.", chosen, rejected })).toEqual({ prompt: "Bye.", chosen, rejected });
  });

  const [chosen, rejected] = ["Hi.\n\nAssistant: Hello!\n\nHuman: What is\n\nrain?\n\nAssistant:", "\n\nHuman: Hi."];
  const wet = `\n\nHuman: ${chosen} Water.\nMuch of it.`;
  const hh = { chosen: wet, rejected: `\n\nHuman: ${chosen} No.\n` };

  it.each([
    ["CRLF", "\r\n"],
    ["a lone CR", "\r"],
  ])("of HH-RLHF are the same with %s", async (_name, end) => {
    const rewritten = <T>(record: T): T => JSON.parse(JSON.stringify(record).replaceAll("\\n", JSON.stringify(end).slice(1, -1))) as T;
    const apart = { prompt: `\n\nHuman: ${chosen}`, chosen: " Water.\nMuch of it.", rejected: " No." };
    const repeated = { ...hh, prompt: rejected };
    for (const record of [hh, apart, repeated]) {
      const pair = await pairOf(record);
      expect(pair).toHaveProperty("prompt", [user("Hi."), assistant("Hello!"), user("What is\n\nrain?")]);
      expect(await pairOf(rewritten(record))).toEqual(pair);
    }
    const scorable = { prompt: apart.prompt, response: apart.chosen };
    const read = async (record: unknown) => (await collect(() => readScorables(source(record)))).values[0]?.value;
    expect(await read(rewritten(scorable))).toEqual(await read(scorable));
  });

  it.each([
    "\r\n\n",
    "\n\r\n",
    "\n\n\n",
    " \n\n",
    "\n \n",
    "\n\t \n",
    "\r\n \r\n",
    "\r\r",
    "\u2028\u2028",
    "\u2029\n",
    "\u0085\u0085",
    "\v\f",
  ])("of HH-RLHF may end their lines as %j", async (end) => {
    const text = `${end}Human: Hi.${end}Assistant: Hello!${end}Human: Why?${end}Assistant:`;
    const pair = await pairOf({ chosen: `${text} So.`, rejected: `${text} No.` });
    expect(pair).toEqual({ prompt: [user("Hi."), assistant("Hello!"), user("Why?")], chosen: "So.", rejected: "No." });
  });

  it.each([
    "\nHuman: b",
    " Human: b",
    "\n\n Human: b",
    "\n\nhuman: b",
    "\n\nHuman b",
    "\n\n### Human: b",
    '\n\n"Human: b"',
    "\n\\n\\nHuman: b",
  ])("of HH-RLHF hold ordinary text: %j", async (text) => {
    const pair = await pairOf({ chosen: `\n\nHuman: a${text}\n\nAssistant: c${text}`, rejected: `\n\nHuman: a${text}\n\nAssistant: d` });
    expect(pair).toEqual({ prompt: [user(`a${text}`)], chosen: `c${text}`, rejected: "d" });
  });

  it("keep the line ends of what is no transcript", async () => {
    const texts = { prompt: "a\r\nb", chosen: "c\r\nd", rejected: "e\rf" };
    expect(await pairOf(texts)).toEqual(texts);
    const messages = { prompt: [user("a\r\nb")], chosen: "c\r\nd", rejected: "e\rf" };
    expect(await pairOf(messages)).toEqual(messages);
  });

  it.each(["prompt", "messages", "system", "response", "text", "human_ref_A", "history", "labels"])(
    "take null for nothing: %s",
    async (name) => {
      expect(await pairOf({ [name]: null, ...hh })).toEqual(await pairOf(hh));
      expect(await pairOf({ ...hh, [name]: null })).toEqual(await pairOf(hh));
    },
  );

  it("lack what is null", async () => {
    expect(await pairOf({ prompt: "a", chosen: "b", rejected: null })).toMatch(/"rejected" is missing/);
    expect(await pairOf({ prompt: null, chosen: null })).toMatch(/an empty object/);
  });

  it("are prompt, chosen, rejected", async () => {
    const texts = { prompt: "a", chosen: "b", rejected: "c" };
    expect(await pairOf({ ...texts, score: 1 })).toEqual(texts);
    const messages = { prompt: [user("a")], chosen: "b", rejected: "c" };
    expect(await pairOf(messages)).toEqual(messages);
  });

  it.each([
    ["whole conversations", {}, [user("a"), assistant("b")], [user("a"), assistant("c")]],
    ["whole conversations beside the prompt's text", { prompt: "a" }, [user("a"), assistant("b")], [user("a"), assistant("c")]],
    ["whole conversations beside the prompt", { prompt: [user("a")] }, [user("a"), assistant("b")], [user("a"), assistant("c")]],
    ["answers to a text", { prompt: "a" }, [assistant("b")], [assistant("c")]],
    ["answers to messages", { prompt: [user("a")] }, [assistant("b")], [assistant("c")]],
  ])("are messages: %s", async (_name, rest, chosen, rejected) => {
    expect(await pairOf({ ...rest, chosen, rejected })).toEqual({ prompt: [user("a")], chosen: "b", rejected: "c" });
  });

  it("of SHP say which answer is preferred", async () => {
    const shp = { post_id: "x", history: "q", human_ref_A: "a", human_ref_B: "b" };
    expect(await pairOf({ ...shp, labels: 1 })).toEqual({ prompt: "q", chosen: "a", rejected: "b" });
    expect(await pairOf({ ...shp, labels: 0 })).toEqual({ prompt: "q", chosen: "b", rejected: "a" });
    expect(await pairOf({ ...shp, labels: 2 })).toMatch(/"labels" must be 1/);
  });

  it.each([
    [{ prompt: "a", chosen: "b", rejected: "b" }, "identical"],
    [{ prompt: "a", chosen: "b", rejected: "" }, "rejected response is empty"],
    [{ prompt: "", chosen: "b", rejected: "c" }, "prompt is empty"],
    [{ prompt: "a", chosen: "b" }, '"rejected" is missing'],
    [{ prompt: "a", chosen: "b", rejected: 7 }, '"rejected" must be a text'],
    [{ chosen: "b", rejected: "c" }, 'has no "\\n\\nHuman:"'],
    [{ chosen: "\n\nHuman: a\n\nAssistant: b", rejected: "\n\nHuman: x\n\nAssistant: c" }, "different prompts"],
    [{ chosen: "\n\nHuman: a", rejected: "\n\nHuman: a\n\nAssistant: c" }, "chosen must end with the assistant's answer"],
    [{ chosen: [user("a")], rejected: [user("a"), assistant("c")] }, "chosen must end with the assistant's answer"],
    [{ chosen: [assistant("b")], rejected: [assistant("c")] }, "no message before the answer"],
    [{ chosen: [{ role: "user" }], rejected: [assistant("c")] }, '"chosen" must be an array of messages'],
    [{ question: "a" }, "no known format has the fields question"],
    [{}, "an empty object"],
    ["7", "not a JSON object"],
    ["{", "not JSON"],
  ])("are refused: %o", async (line, reason) => {
    expect(await pairOf(line)).toContain(reason);
  });
});

describe("a data file", () => {
  const good = { prompt: "a", chosen: "b", rejected: "c" };

  it("keeps line numbers over blank and bad lines, a byte order mark and CRLF", async () => {
    const file = Readable.from([`\ufeff${JSON.stringify(good)}\r\n\r\n{\r\n${JSON.stringify(good)}`]);
    const { values, bad } = await collect((onBadLine) => readPairs(file, { onBadLine }));
    expect(values.map(({ line }) => line)).toEqual([1, 4]);
    expect(bad).toEqual(["2: the line is empty", expect.stringMatching(/^3: /)]);
  });

  it("is read by the named format alone", async () => {
    const shp = { history: "q", human_ref_A: "a", human_ref_B: "b", labels: 1 };
    const { values, bad } = await collect((onBadLine) => readPairs(source(good, shp), { format: "shp", onBadLine }));
    expect(values.map(({ line }) => line)).toEqual([2]);
    expect(bad).toEqual(['1: the field "labels" must be 1 (A is preferred) or 0 (B is)']);
    await expect(collect(() => readPairs(source(good), { format: "csv" as never }))).rejects.toMatchObject({ code: "OPTION_INVALID" });
  });

  it("names what is wrong with the file", async () => {
    await expect(collect(() => readPairs("missing.jsonl"))).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
    await expect(collect(() => readPairs("."))).rejects.toMatchObject({ code: "NOT_A_FILE" });
  });
});

describe("texts to score, and prompts", () => {
  const lines = [
    { prompt: "a", response: "b" },
    { prompt: [user("a")], response: "b" },
    { messages: [user("a"), assistant("b")] },
    { text: "whole" },
    { prompt: "a", chosen: "b", rejected: "c" },
  ];

  it("are told apart by their fields", async () => {
    const { values } = await collect(() => readScorables(source(...lines)));
    expect(values.map(({ value }) => value)).toEqual([lines[0], lines[1], lines[1], { text: "whole" }, lines[4]]);
  });

  it.each([{ prompt: "a", response: "" }, { prompt: "", response: "b" }, { text: "" }, { messages: [user("a")] }])(
    "refuse %o",
    async (line) => {
      const { values, bad } = await collect((onBadLine) => readScorables(source(line), { onBadLine }));
      expect([values, bad.length]).toEqual([[], 1]);
    },
  );

  it("take null for nothing", async () => {
    const empty = { prompt: null, response: null, messages: null, chosen: null, rejected: null, text: null };
    const without = (record: object) => ({ ...empty, ...record });
    const { values } = await collect(() => readScorables(source(...lines.map(without))));
    expect(values.map(({ value }) => value)).toEqual([lines[0], lines[1], lines[1], { text: "whole" }, lines[4]]);
    const prompts = await collect(() => readPrompts(source(...[{ prompt: "a" }, { messages: [user("a")] }].map(without))));
    expect(prompts.values.map(({ value }) => value)).toEqual(["a", [user("a")]]);
  });

  it.each([
    ["messages", (messages: unknown) => ({ messages })],
    ["a prompt of messages", (prompt: unknown) => ({ prompt })],
    ["a prompt of messages with an answer apart", (prompt: unknown) => ({ prompt, response: "z" })],
  ])("prompts stand without the answer that is recorded with them: %s", async (_name, record) => {
    const [system, go] = [{ role: "system", content: "s" }, assistant("go")];
    const cases = [
      [[user("a"), assistant("b")], [user("a")]],
      [[user("a")], [user("a")]],
      [
        [system, user("a"), assistant("b"), user("c")],
        [system, user("a"), assistant("b"), user("c")],
      ],
      [
        [system, user("a"), assistant("b"), user("c"), assistant("d")],
        [system, user("a"), assistant("b"), user("c")],
      ],
      [[user("a"), assistant("b"), go], [user("a")]],
      [[user("a"), assistant("")], [user("a")]],
      [
        [user("a"), { role: "tool", content: "7" }, assistant("b")],
        [user("a"), { role: "tool", content: "7" }],
      ],
    ];
    const { values } = await collect(() => readPrompts(source(...cases.map(([messages]) => record(messages)))));
    expect(values.map(({ value }) => value)).toEqual(cases.map(([, prompt]) => prompt));
    const { values: none, bad } = await collect((onBadLine) => readPrompts(source(record([assistant("b")])), { onBadLine }));
    expect([none, bad]).toEqual([[], [expect.stringMatching(/no message before the answer/)]]);
  });

  it("prompts of a transcript stand without its answer, too", async () => {
    const prompts = ["\n\nHuman: a\n\nAssistant: b", "\n\nHuman: a\n\nAssistant:", "\n\nHuman: a", "Human: a\r\n\r\nAssistant: b"];
    const { values } = await collect(() => readPrompts(source(...prompts.map((prompt) => ({ prompt })))));
    expect(values.map(({ value }) => value)).toEqual(prompts.map(() => [user("a")]));
  });

  it("prompts come out of every format that has them", async () => {
    const hh = { chosen: "\n\nHuman: a\n\nAssistant: b", rejected: "\n\nHuman: a\n\nAssistant: c" };
    const { values } = await collect(() => readPrompts(source({ prompt: "a" }, { messages: [user("a")] }, hh, lines[4])));
    expect(values.map(({ value }) => value)).toEqual(["a", [user("a")], [user("a")], "a"]);
  });
});
