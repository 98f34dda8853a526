/** Code that the page gives sends what the page sent. */
import { spawn, spawnSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { scratch } from "../cli/run.js";
import { PLAN, STALL } from "./answers.js";
import { ask, inChromium, openPage } from "./in-chromium.js";
import { type Mock, mockServer } from "./mock-server.js";

const PROMPT = `It's "quoted" $HOME \`date\` \\ é 🦆\n'''\nend`;

const has = (program: string): boolean => spawnSync(program, ["--version"]).status === 0;

/** After an answer, from a server with a key: the code and what was sent. */
async function codeIn(language: string): Promise<{ code: string; server: Mock; page: Page; sent: unknown }> {
  const server = await mockServer({ plain: STALL, guided: PLAN, apiKey: "secret" });
  const page = await openPage(server.url, { permissions: ["clipboard-read", "clipboard-write"] });
  await page.getByLabel("API key").fill("secret");
  await page.keyboard.press("Enter");
  await page.getByLabel("system prompt").fill("It's a test");
  await page.getByLabel("seed").fill("3");
  await ask(page, PROMPT);
  await page.getByText("Guided: done").waitFor();
  const sent = server.requests.find(({ argsearch }) => argsearch.method === "args");
  // What is set later is not what was sent.
  await page.getByLabel("seed").fill("4");
  await page.getByText("The same request as code").click();
  await page.getByLabel(language).check();
  await page.getByRole("button", { name: "Copy" }).click();
  await page.getByText("Copied.").waitFor();
  const code = await page.evaluate(() => navigator.clipboard.readText());
  expect(code).toBe(await page.locator("pre").textContent());
  expect(code).not.toContain("secret");
  return { code, server, page, sent };
}

async function runProgram(command: string, args: string[], cwd: string): Promise<string> {
  const child = spawn(command, args, { cwd, env: { ...process.env, ARGSEARCH_API_KEY: "secret" }, stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
  return output;
}

inChromium("code", () => {
  it.skipIf(process.platform === "win32" || !has("curl"))("for curl runs, and sends the same again", async () => {
    const { code, server, page, sent } = await codeIn("curl");
    const before = server.requests.length;
    const output = await runProgram("sh", ["-c", `${code} --silent`], await scratch());
    expect(output).toContain('"content":"Here"');
    expect(output).toMatch(/data: \[DONE\]\s*$/);
    expect(server.requests[before]).toEqual(sent);

    await page.getByLabel("plain", { exact: true }).check();
    expect(await page.locator("pre").textContent()).toContain('"weight": 0');
  });

  it("for JavaScript is a module that gives OpenAI's client the same", async () => {
    const { code, server, sent } = await codeIn("JavaScript");
    const folder = await scratch();
    const client = `export default class {
      constructor(options) { this.options = options; }
      chat = { completions: { create: async (request) => {
        const text = JSON.stringify({ options: this.options, request });
        return [{ choices: [{ delta: { content: text } }] }, { choices: [{ delta: {} }] }, { choices: [] }];
      } } };
    }`;
    await mkdir(join(folder, "node_modules", "openai"), { recursive: true });
    await writeFile(join(folder, "node_modules", "openai", "package.json"), '{ "type": "module", "exports": "./index.js" }');
    await writeFile(join(folder, "node_modules", "openai", "index.js"), client);
    await writeFile(join(folder, "ask.mjs"), code);
    const output = await runProgram(process.execPath, ["ask.mjs"], folder);
    expect(JSON.parse(output)).toEqual({ options: { baseURL: `${server.url}v1`, apiKey: "secret" }, request: sent });
  });

  it.skipIf(!has("python3"))("for Python gives OpenAI's client the same", async () => {
    const { code, server, sent } = await codeIn("Python");
    const folder = await scratch();
    const client = `import json
from types import SimpleNamespace as Object
class OpenAI:
    def __init__(self, **options):
        def create(extra_body, **request):
            text = json.dumps({"options": options, "request": {**request, **extra_body}})
            return [Object(choices=[Object(delta=Object(content=text))]), Object(choices=[])]
        self.chat = Object(completions=Object(create=create))
`;
    await writeFile(join(folder, "openai.py"), client);
    await writeFile(join(folder, "ask.py"), code);
    const output = await runProgram("python3", ["ask.py"], folder);
    expect(JSON.parse(output)).toEqual({ options: { base_url: `${server.url}v1`, api_key: "secret" }, request: sent });
  });
});
