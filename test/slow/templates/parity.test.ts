/**
 * Chat templates against jinja2, set up exactly as transformers does it: every template that llama.cpp and TRL ship with every
 * kind of conversation, and the constructs of test/jinja.
 *   npm run test:templates
 * Takes Python (ARGSEARCH_PYTHON names it) and, the first time, the network.
 */
import { describe, expect, it } from "vitest";
import { Template } from "../../../src/jinja/template.js";
import { toValue } from "../../../src/jinja/values.js";
import { ChatFormat } from "../../../src/model/chat.js";
import { templateOf } from "../../../src/model/template-options.js";
import { constructs, now, values } from "../../jinja/constructs.js";
import { CONVERSATIONS, VALUES } from "./conversations.js";
import { fetchSources, type Rendered } from "./sources.js";

const sources = fetchSources();
const NOW = [2025, 1, 5, 13, 4, 9] as const;
const CLOCK = new Date(NOW[0], NOW[1] - 1, NOW[2], NOW[3], NOW[4], NOW[5]);

function ours(source: string, given: object): Rendered {
  try {
    const entries = Object.entries(given).map(([name, value]) => [name, toValue(value, 1)] as const);
    return { text: new Template(source).render(Object.fromEntries(entries), CLOCK).value };
  } catch (error) {
    return { error: (error as Error).message };
  }
}

describe.skipIf(sources === undefined)("shipped chat templates", () => {
  const { templates = [], render = () => [] } = sources ?? {};
  const wanted = render(
    templates.map(({ source }) => source),
    VALUES,
    NOW,
  );

  it("are there", () => {
    expect(templates.length).toBeGreaterThan(100);
    const texts = wanted.flat().filter(({ text }) => text !== undefined);
    expect(texts.length, "rendered by jinja2").toBeGreaterThan(0.75 * wanted.flat().length);
  });

  it.each(templates.map(({ name, source }, row) => ({ name, source, row })))("$name says what jinja2 says", ({ source, row }) => {
    for (const [column, kind] of Object.keys(CONVERSATIONS).entries()) {
      const theirs = wanted[row]?.[column];
      const found = ours(source, VALUES[column] ?? {});
      expect(found.text, `${kind}: ${found.error ?? theirs?.error ?? ""}`).toBe(theirs?.text);
    }
  });

  it("show an answer where the finished conversation has it", () => {
    const [asked, answer] = ["Hello?", "Yes, indeed."];
    const finished = (content: (text: string) => unknown): object => ({
      ...VALUES[0],
      add_generation_prompt: false,
      messages: [
        { role: "user", content: content(asked) },
        { role: "assistant", content: content(answer) },
      ],
    });
    const theirs = render(
      templates.map(({ source }) => source),
      [finished((text) => text), finished((text) => [{ type: "text", text }])],
      NOW,
    );
    for (const [row, { name, source }] of templates.entries()) {
      // Some know parts alone, and say nothing of texts.
      const expected = theirs[row]?.map(({ text }) => text).find((text) => text?.includes(answer));
      const format = new ChatFormat({ path: "m.gguf", chatTemplate: source, bosText: "<s>", eosText: "</s>" });
      const place = format.renderAnswered(asked, answer, templateOf({ date: CLOCK }));
      expect(place && place.before.value + answer + place.after.value, name).toBe(expected ?? null);
    }
  });
});

describe.skipIf(sources === undefined)("constructs", () => {
  it("mean what jinja2 makes of them", () => {
    const rows =
      sources?.render(
        constructs.map(({ template }) => template),
        [values],
        now,
      ) ?? [];
    const expected = constructs.map(({ text, error }) => ({ text, error }));
    expect(rows.map(([row]) => ({ text: row?.text, error: row?.error?.replace(/^\w+: /, "") }))).toEqual(expected);
  });
});
