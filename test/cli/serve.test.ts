/** `argsearch serve` and `argsearch playground` as programs: they come up, answer, and end in order. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { chat, until } from "../server/serving.js";

const PROGRAM = join(import.meta.dirname, "..", "..", "dist", "cli.js");
const running: ChildProcessWithoutNullStreams[] = [];

afterEach(() => {
  for (const child of running.splice(0)) child.kill("SIGKILL");
});

interface Program {
  child: ChildProcessWithoutNullStreams;
  out(): string;
  errors(): string;
  ended: Promise<number | null>;
  /** Where it listens, once it says so. */
  url(): Promise<string>;
}

function start(args: readonly string[], env: Record<string, string> = {}): Program {
  const child = spawn(process.execPath, [PROGRAM, ...args], { env: { ...process.env, ...env } });
  running.push(child);
  let [out, errors] = ["", ""];
  child.stdout.on("data", (data: Buffer) => (out += data));
  child.stderr.on("data", (data: Buffer) => (errors += data));
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  const found = (): string | undefined => /^page (http.*)\/$/m.exec(out)?.[1];
  const url = async (): Promise<string> => {
    await until(() => found() !== undefined || child.exitCode !== null);
    return found() ?? "";
  };
  return { child, out: () => out, errors: () => errors, ended, url };
}

test("serve answers, and SIGTERM lets what is under way end", async () => {
  const program = start(["serve", "--port", "0", "--slots", "2", "--weight", "0.2", "--name", "mine", "--alias", "other", "--gpu", "off"]);
  const url = await program.url();
  expect(program.out()).toContain("2 slots of 1024 tokens");
  const { json } = await chat(url, { model: "other", max_tokens: 4 });
  expect(json.model).toBe("mine");
  const models = (await (await fetch(`${url}/v1/models`)).json()) as { data: { argsearch: { settings: object } }[] };
  expect(models.data[0]?.argsearch.settings).toEqual({ weight: 0.2 });
  const long = chat(url, { max_tokens: 300, argsearch: { ending: "never" } });
  await until(async () => (await (await fetch(`${url}/metrics`)).text()).includes("llamacpp:requests_processing 1"));
  program.child.kill("SIGTERM");
  expect((await long).json.choices[0].finish_reason).toBe("length");
  expect(await program.ended).toBe(0);
  expect(program.errors()).toContain("waiting for the requests under way");
});

test("keys come from the environment, and an open door is spoken of", async () => {
  const guarded = start(["serve", "--port", "0", "--gpu", "off"], { ARGSEARCH_API_KEY: "secret" });
  expect((await chat(await guarded.url(), {})).status).toBe(401);
  const open = start(["serve", "--port", "0", "--gpu", "off", "--host", "0.0.0.0"]);
  await open.url();
  expect(open.errors()).toContain("--api-key");
});

test("playground takes a free port", async () => {
  const program = start(["playground", "--no-open", "--gpu", "off"]);
  expect((await chat(await program.url(), { max_tokens: 1 })).status).toBe(200);
  program.child.kill("SIGINT");
  expect(await program.ended).toBe(0);
});

test("models that cannot be loaded end the program with their reason", async () => {
  const program = start(["serve", "--port", "0", "--policy", "none.gguf", "--gpu", "off"]);
  expect(await program.ended).toBe(1);
  expect(program.errors()).toContain("[FILE_NOT_FOUND]");
});

test("a port that is taken is told before models are loaded", async () => {
  const first = start(["serve", "--port", "0", "--gpu", "off"]);
  const { port } = new URL(await first.url());
  const second = start(["serve", "--port", port, "--policy", "none.gguf", "--gpu", "off"]);
  expect(await second.ended).toBe(2);
  expect(second.errors()).toMatch(/in use.*\[OPTION_INVALID\]/);
});
