/** A request as a program that sends the same. */
import type { ChatRequest } from "../api/wire.js";

export interface Target {
  /** The server's root, without a slash at its end. */
  root: string;
  /** The server asks for a key; programs take it from the environment. */
  keyed: boolean;
}

/** Where programs look for the key. */
const KEY = "ARGSEARCH_API_KEY";

export type Language = "curl" | "JavaScript" | "Python";

export const LANGUAGES: Record<Language, (request: ChatRequest, target: Target) => string> = {
  curl,
  JavaScript: javaScript,
  Python: python,
};

function curl(request: ChatRequest, { root, keyed }: Target): string {
  const lines = [
    `curl --no-buffer ${quoted(`${root}/v1/chat/completions`)}`,
    "-H 'Content-Type: application/json'",
    ...(keyed ? [`-H "Authorization: Bearer $${KEY}"`] : []),
    `-d ${quoted(JSON.stringify(request, null, 2))}`,
  ];
  return lines.join(" \\\n  ");
}

/** For a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function javaScript(request: ChatRequest, { root, keyed }: Target): string {
  return `import OpenAI from "openai";

const client = new OpenAI({ baseURL: ${JSON.stringify(`${root}/v1`)}, apiKey: ${keyed ? `process.env.${KEY}` : '"none"'} });
const stream = await client.chat.completions.create(${JSON.stringify(request, null, 2)});
for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? "");
`;
}

/** What OpenAI does not know goes into extra_body. */
function python(request: ChatRequest, { root, keyed }: Target): string {
  const { argsearch, ...known } = request;
  const fields = Object.entries({ ...known, extra_body: { argsearch } }).map(([name, value]) => `    ${name}=${pythonLiteral(value, 1)},`);
  return `${keyed ? "import os\n\n" : ""}from openai import OpenAI

client = OpenAI(base_url=${JSON.stringify(`${root}/v1`)}, api_key=${keyed ? `os.environ["${KEY}"]` : '"none"'})
stream = client.chat.completions.create(
${fields.join("\n")}
)
for chunk in stream:
    if chunk.choices:
        print(chunk.choices[0].delta.content or "", end="", flush=True)
`;
}

function pythonLiteral(value: unknown, depth: number): string {
  if (value === true) return "True";
  if (value === false) return "False";
  if (value === null) return "None";
  if (typeof value !== "object") return JSON.stringify(value);
  const inner = "    ".repeat(depth + 1);
  const parts = Array.isArray(value)
    ? value.map((each) => pythonLiteral(each, depth + 1))
    : Object.entries(value).map(([name, each]) => `${JSON.stringify(name)}: ${pythonLiteral(each, depth + 1)}`);
  const [begin, end] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  return `${begin}\n${parts.map((part) => `${inner}${part},\n`).join("")}${"    ".repeat(depth)}${end}`;
}
