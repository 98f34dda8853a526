import { describe, expect, it } from "vitest";
import { defaultPrompts, lengthened } from "../../src/bench/prompts.js";
import type { Prompt } from "../../src/index.js";

/** A token a word, and three of a template. */
const counting = {
  countTokens: async (prompt: Prompt): Promise<number> => {
    const text = typeof prompt === "string" ? prompt : JSON.stringify(prompt);
    return 3 + text.split(/\s+/).length;
  },
};

describe("lengthened()", () => {
  it.each([8, 200, 1000])("fills up to %i tokens", async (tokens) => {
    const prompt = await lengthened(counting, "What is this?", { tokens, turn: 0 });
    expect(await counting.countTokens(prompt)).toBe(tokens);
    expect(prompt).toMatch(/What is this\?$/);
  });

  it("leaves alone what is as long already", async () => {
    expect(await lengthened(counting, "one two three four", { tokens: 5, turn: 0 })).toBe("one two three four");
  });

  it("gives another text to each slot from its first word on", async () => {
    const of = (turn: number) => lengthened(counting, "What is this?", { tokens: 50, turn });
    const prompts = await Promise.all([0, 1, 2, 3].map(of));
    expect(new Set(prompts.map((prompt) => String(prompt).split(" ")[0])).size).toBe(4);
  });

  it("puts it into a conversation's first message", async () => {
    const messages = [
      { role: "user", content: "Hello" },
      { role: "assistant", content: "Yes?" },
      { role: "user", content: "Go on" },
    ];
    const longer = (await lengthened(counting, { messages }, { tokens: 60, turn: 0 })) as { messages: typeof messages };
    expect(longer.messages.slice(1)).toEqual(messages.slice(1));
    expect(longer.messages[0]?.content).toMatch(/^The market .*\n\nHello$/s);
  });
});

it("prompts of the package are there by default", async () => {
  const prompts = await defaultPrompts(3);
  expect(new Set(prompts).size).toBe(3);
});
