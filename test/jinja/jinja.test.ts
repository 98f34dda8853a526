import { describe, expect, it } from "vitest";
import { TemplateError } from "../../src/jinja/errors.js";
import { Template } from "../../src/jinja/template.js";
import { toValue, type Value } from "../../src/jinja/values.js";
import { constructs, now, values } from "./constructs.js";

const [year = 0, month = 1, ...rest] = now;
const clock = new Date(year, month - 1, ...(rest as [number, number, number, number]));

function render(template: string, given: Record<string, unknown>, origin = 1) {
  const entries = Object.entries(given).map(([name, value]) => [name, toValue(value, origin)] as const);
  return new Template(template).render(Object.fromEntries<Value>(entries), clock);
}

describe("templates mean what they mean to jinja2", () => {
  it.each(constructs.filter(({ text }) => text !== undefined))("$template", ({ template, text }) => {
    expect(render(template, values).value).toBe(text);
  });

  it.each(constructs.filter(({ error }) => error !== undefined))("$template fails", ({ template, error = "" }) => {
    const failure = failureOf(() => render(template, values));
    expect(failure).toBeInstanceOf(TemplateError);
    expect(error).toContain((failure as TemplateError).message.replace(/ \(line \d+\)$/, ""));
  });

  it.each([
    ["{{ '\\N{BULLET}' }}", "a character by its name, is not supported"],
    ["{% autoescape true %}{{ '<' }}{% endautoescape %}", "autoescape is supported with false alone"],
    ["{% autoescape x %}{{ '<' }}{% endautoescape %}", "autoescape is supported with false alone"],
  ])("but for %s, which is refused", (template, message) => {
    expect(() => new Template(template)).toThrow(message);
  });

  it("names the line of what cannot be read", () => {
    expect(() => new Template("a\n{% if x %}\n{{ x y }}{% endif %}")).toThrow("expected token 'end of print statement', got 'y' (line 3)");
  });
});

function failureOf(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

describe("a text knows who wrote it", () => {
  const given = { x: "ab", words: ["c d", "e"], data: { k: 'v"w' } };
  /** What was given in brackets, what the template wrote without. */
  const shown = (template: string): string => {
    const runs = render(template, given).runs();
    return runs.map(({ text, origin }) => (origin === 1 ? `[${text}]` : text)).join("");
  };

  it.each([
    ["<{{ x }}>", "<[ab]>"],
    ["{{ '<' + x ~ '>' }}", "<[ab]>"],
    ["{{ x | upper }}{{ x.title() }}{{ x | capitalize }}{{ x | trim }}", "[ABAbAbab]"],
    ["{{ ('<' ~ x ~ '>') | upper }}", "<[AB]>"],
    ["{{ ('< ' ~ x ~ ' >')[2:5] }}", "[ab] "],
    ["{{ ('<' ~ x ~ '>') | reverse }}", ">[ba]<"],
    ["{{ words | join(',') }}", "[c d],[e]"],
    ["{{ words[0].split()[1] }}-", "[d]-"],
    ["{{ x.replace('a', '<') }}{{ '<->' | replace('-', x) }}", "<[b]<[ab]>"],
    ["{{ '%s;%5s;%r' % (x, x, x) }}", "[ab];   [ab];'[ab]'"],
    ["{{ '{}{:>4}'.format(x, x) }}", "[ab]  [ab]"],
    ["{{ data | tojson }}", '{"[k]": "[v\\"w]"}'],
    ["{{ data }}", "{'[k]': '[v\"w]'}"],
    ["{% set y %}<{{ x }}>{% endset %}{{ y | indent }}", "<[ab]>"],
    ["{% macro m(t) %}({{ t }}){% endmacro %}{{ m(x) }}", "([ab])"],
    ["{% filter upper %}a{{ x }}{% endfilter %}", "A[AB]"],
    ["{% for k, v in data.items() %}{{ k }}={{ v[0] }}{% endfor %}", "[k]=[v]"],
    ["{% for c in x %}{{ c }},{% endfor %}", "[a],[b],"],
    ["{{ x * 2 }}{{ x | center(4) }}{{ x.zfill(3) }}", "[abab] [ab] 0[ab]"],
    ["{{ ('x' ~ x).partition('a')[2] }}{{ ('x' ~ x).strip('x') }}", "[bab]"],
    ["{{ dict(**data) }}{{ dict({'k': 1}, **{x: 2}) }}", "{'[k]': '[v\"w]'}{'k': 1, '[ab]': 2}"],
    ["{% macro m() %}{{ kwargs }}{% endmacro %}{{ m(**data) }}", "{'[k]': '[v\"w]'}"],
    ["{% macro m() %}{{ kwargs.keys() | join }}{{ caller() }}{% endmacro %}{% call m(a=1, **data) %}c{% endcall %}", "a[k]c"],
    ["{{ [1, 2] | tojson(separators=(x, ':')) }}{{ [1] | tojson(indent=x) }}", "[1[ab]2][\n[ab]1\n]"],
    ["{{ x | length }}{{ x == 'ab' }}{{ 'a' in x }}", "2TrueTrue"],
  ])("%s", (template, expected) => {
    expect(shown(template)).toBe(expected);
  });
});

/** What comes with a model file must not get at the program that reads it: SECURITY.md. */
describe("a template reaches nothing of JavaScript", () => {
  const holders = "messages messages[0] '' 1 {} [] true none dict range raise_exception ''.join namespace()".split(" ");
  const names = "constructor __proto__ prototype toString valueOf call caller hasOwnProperty length map then".split(" ");

  it.each(holders)("by %s", (holder) => {
    const parts = names.flatMap((name) => [`(${holder}).${name}`, `(${holder})['${name}']`, `(${holder})|attr('${name}')`]);
    for (const part of parts) expect(render(`{{ ${part} is undefined }}`, values).value, part).toBe("True");
  });

  it.each(["globalThis", "process", "require", "Function", "eval", "this", "arguments", "self"])("called %s", (name) => {
    expect(render(`{{ ${name} is undefined }}`, values).value).toBe("True");
  });
});
