import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { modelFolder } from "../helpers/model-folder.js";
import { argsearch, scratch } from "./run.js";

const models = modelFolder();
const template =
  "{% for m in messages %}{{ m.role[0] }}: {{ m.content }}\n{% endfor %}{% if add_generation_prompt %}a: {{ mood }}{% endif %}";
const policy = models.write({ seed: 5, chatTemplate: template }).path;
const reward = models.write({ seed: 6, labels: ["reward"], chatTemplate: template }).path;

async function file(content: string | Buffer): Promise<string> {
  const path = join(await scratch(), "chat.jinja");
  writeFileSync(path, content);
  return path;
}

/** Tokens of the prompt; how its text became them. */
async function promptTokens(...flags: string[]): Promise<number> {
  const { code, stdout, stderr } = await argsearch([
    "generate",
    "--policy",
    policy,
    "--prompt",
    "hi",
    "--method",
    "greedy",
    "--max-tokens",
    "1",
    "--json",
    ...flags,
  ]);
  expect([code, stderr]).toEqual([0, ""]);
  return (JSON.parse(stdout) as { usage: { promptTokens: number } }).usage.promptTokens;
}

async function score(...flags: string[]): Promise<number> {
  const { code, stdout, stderr } = await argsearch(["score", "--reward", reward, "--prompt", "hi", "--response", "so", "--json", ...flags]);
  expect([code, stderr]).toEqual([0, ""]);
  return (JSON.parse(stdout) as { reward: number }).reward;
}

describe("--template", () => {
  it("takes a file for the policy, in place of the model's own template", async () => {
    const plain = "u: hi\na: ".length;
    expect(await promptTokens()).toBe(1 + plain);
    expect(await promptTokens("--template", "none")).toBe(1 + "hi".length);
    expect(await promptTokens("--template", await file("\ufeffsay {{ messages[0].content }}\r\n!"))).toBe(1 + "say hi\n!".length);
  });

  it("takes variables, as JSON or text, and a date", async () => {
    const own = await file("{% if think is false %}no {% endif %}{{ mood }}{{ messages[0].content }}{{ strftime_now('%d') if dated }}");
    const flags = ["--template", own, "--template-variable", "think=false", "--template-variable", "mood=sad: so sad"];
    expect(await promptTokens(...flags)).toBe(1 + "no sad: so sadhi".length);
    expect(await promptTokens(...flags, "--template-variable", "dated=1", "--date", "2024-01-15")).toBe(1 + "no sad: so sadhi15".length);
  });

  it.each<[string, () => Promise<string[]>, number, RegExp]>([
    [
      "a file that is not there",
      async () => ["--template", "nowhere.jinja"],
      2,
      /'--template <auto\|none\|file>' argument 'nowhere\.jinja' is invalid\. A template is read from a file: ENOENT.* \[OPTION_INVALID\]/,
    ],
    [
      "a file that is no text",
      async () => ["--template", await file(Buffer.from([0xff, 0xfe, 0x41]))],
      2,
      /A template is read from a file: .*\[OPTION_INVALID\]/,
    ],
    [
      "a file that is no template",
      async () => ["--template", await file("a\n{% if %}")],
      1,
      /--template \S+chat\.jinja is no chat template: Expected an expression.*\(line 2\) \[TEMPLATE_INVALID\]/,
    ],
    [
      "a template that refuses",
      async () => ["--template", await file("{{ raise_exception('no!') }}")],
      1,
      /--template, the chat template for \S+, does not render these messages: no! \[TEMPLATE_INVALID\]/,
    ],
    ["a variable without a value", async () => ["--template-variable", "think"], 2, /Expected NAME=VALUE, got "think"/],
    [
      "a variable that is not to be set",
      async () => ["--template-variable", "messages=[]"],
      2,
      /--template-variable must be without messages/,
    ],
    ["a date that is none", async () => ["--date", "soon"], 2, /--date must be a Date or a time in ISO 8601/],
    [
      "a template for a reward that is not named",
      async () => ["--reward-template", await file("x")],
      2,
      /--reward-template needs the --reward it belongs to/,
    ],
  ])("refuses %s", async (_, flags, code, message) => {
    const outcome = await argsearch(["generate", "--policy", policy, "--prompt", "hi", "--max-tokens", "1", ...(await flags())]);
    expect(outcome).toMatchObject({ code, stdout: "" });
    expect(outcome.stderr).toMatch(message);
    expect(outcome.stderr.trim().split("\n")).toHaveLength(1);
  });
});

describe("score", () => {
  it("takes templates for reward models, and where to read them", async () => {
    const own = await file("so {{ messages[0].content }}. {{ messages[-1].content if messages | length > 1 }}");
    const values = [
      await score(),
      await score("--template", own),
      await score("--reward-at", "end"),
      await score("--template-variable", "mood=x", "--template", "none"),
    ];
    expect(new Set(values).size).toBe(4);
    expect(await score("--reward-template", own)).toBe(values[1]);
    expect(await score("--reward-at", "last")).toBe(values[0]);
  });

  it("names the flag of a template that does not render", async () => {
    const outcome = await argsearch([
      ...[
        "score",
        "--reward",
        reward,
        "--reward-template",
        await file("{{ raise_exception('no!') }}"),
        "--prompt",
        "hi",
        "--response",
        "so",
      ],
    ]);
    expect(outcome).toMatchObject({ code: 1, stdout: "" });
    expect(outcome.stderr).toMatch(/^argsearch: --reward-template, the chat template for \S+, does not render these messages: no!/);
  });
});

describe("generate", () => {
  it("warns in a line of its own where a reward model's prompt is not its finished conversation's", async () => {
    const own = await file(`${template.replace("{{ m.content }}", "{% if m.role == 'assistant' %}(){% endif %}{{ m.content }}")}`);
    const flags = ["--reward", reward, "--reward-template", own, "--prompt", "hi", "--max-tokens", "2", "--json"];
    const { code, stdout, stderr } = await argsearch(["generate", "--policy", policy, ...flags]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ finishReason: "length" });
    expect(stderr).toMatch(/^argsearch: the chat template of \S+ puts "" before an answer .* \[REWARD_PROMPT_DIFFERS\]\n$/);
  });
});
