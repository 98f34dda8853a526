/** examples/electron: all of it but Electron, in an archive, by a program that is not called node. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { EMBEDDED, load } from "../../src/index.js";
import type { RunningApp } from "./running-app.js";
import { startApp } from "./start-app.js";

const QUESTION = "Can you help me set up a light show?";
const folder = mkdtempSync(join(tmpdir(), "argsearch-electron-"));
let app: RunningApp;

beforeAll(async () => {
  app = startApp(folder);
  await app.next("ready");
});
afterAll(async () => {
  await app.close();
  rmSync(folder, { recursive: true });
});

// Windows' addon finds functions by name, and has all names.
it.skipIf(process.platform === "win32")("the addon makes no array buffers of memory outside V8's cage, which Electron forbids", () => {
  const addon = readFileSync("build/Release/argsearch.node", "latin1");
  expect(addon).toContain("napi_create_arraybuffer");
  expect(addon).not.toMatch(/napi_create_external_(array)?buffer/);
});

describe("the window", () => {
  it("gives its page nothing of Node", () => {
    expect(app.shown[0]).toMatchObject({
      window: {
        webPreferences: { contextIsolation: true, sandbox: true, nodeIntegration: false },
        schemes: { chat: { standard: true, secure: true } },
      },
    });
  });

  it("shows a page that runs its own scripts alone", async () => {
    const { status, headers } = await app.fetch("chat://page/index.html");
    expect(status).toBe(200);
    expect(headers["content-security-policy"]).toContain("default-src 'none'; script-src 'self'");
    expect(await app.fetch("chat://page/page.js")).toMatchObject({ headers: { "content-type": "text/javascript; charset=utf-8" } });
  });

  it.each(["chat://page/../main.js", "chat://page/%2e%2e%2fmain.js", "chat://page/no.js", "chat://other/index.html", "chat://page/"])(
    "%s is not there",
    async (url) => expect((await app.fetch(url)).status).toBe(404),
  );

  it("answers no calls of other pages", async () => {
    await expect(app.invokeFrom("https://example.org/", "choose")).rejects.toThrow("choose is not for https://example.org/");
  });
});

describe("an answer", () => {
  it("is the decoder's own, token by token", async () => {
    const { tokens, end } = await app.ask(1, QUESTION);
    await using decoder = await load({ gpu: false });
    const alone = await decoder.generate([{ role: "user", content: QUESTION }], { weight: 0.6, maxTokens: 512 });
    expect(tokens.map(({ text }) => text).join("")).toBe(alone.text);
    expect(tokens.map(({ reward }) => reward)).toEqual(alone.rewards);
    expect(end).toMatchObject({ id: 1, type: "done", finishReason: alone.finishReason, reward: alone.reward });
  });

  it("follows the weight", async () => {
    const { tokens } = await app.ask(2, QUESTION, 0);
    expect(tokens.map(({ text }) => text).join("")).toMatch(/^[^?]* What [^?]*[?]/);
  });

  it("can be stopped, and the next one comes", async () => {
    const stopped = app.ask(3, QUESTION);
    await app.call("send", { type: "stop", id: 3 });
    expect((await stopped).end).toMatchObject({ id: 3, finishReason: "aborted" });
    expect((await app.ask(4, QUESTION)).end).toMatchObject({ id: 4, finishReason: "eog" });
  });

  it("that cannot be is an error of that question", async () => {
    const { end } = await app.ask(5, "long ".repeat(5000));
    expect(end).toMatchObject({ id: 5, type: "error", code: "PROMPT_TOO_LONG" });
  });
});

describe("the decoder's process", () => {
  it("is started again when it dies in the middle of an answer", async () => {
    await app.call("send", { type: "ask", id: 6, messages: [{ role: "user", content: QUESTION }], weight: 0.6 });
    await app.next("token");
    await app.kill();
    expect(await app.next("ended")).toMatchObject({ again: true, words: "exit code 1" });
    await app.next("ready");
    expect(app.told.filter(({ type, id }) => type === "done" && id === 6)).toEqual([]);
    expect((await app.ask(7, QUESTION)).end).toMatchObject({ type: "done", id: 7 });
  });

  it("is tried without a GPU, then given up until the user asks, when it dies before it is ready", async () => {
    await app.deaths(2);
    await app.kill();
    const ends = [await app.next("ended"), await app.next("ended"), await app.next("ended")];
    expect(ends.map(({ again }) => again)).toEqual([true, true, false]);
    await app.call("restart");
    await app.next("ready");
  });

  it("goes on with a page that was loaded again, and drops what the old one asked", async () => {
    const from = app.told.length;
    await app.call("send", { type: "ask", id: 8, messages: [{ role: "user", content: QUESTION }], weight: 0.6 });
    await app.reload();
    await app.next("ready");
    expect((await app.ask(9, QUESTION)).end).toMatchObject({ type: "done", id: 9 });
    expect(app.told.slice(from).filter(({ type, id }) => type === "done" && id === 8)).toEqual([]);
  });
});

describe("models", () => {
  beforeEach(() => app.pick(undefined));

  it("stay when the dialog is cancelled", async () => {
    const from = app.told.length;
    await app.call("choose", "policy");
    expect(app.shown.at(-1)).toMatchObject({ dialog: { filters: [{ extensions: ["gguf"] }], properties: ["openFile"] } });
    expect(app.told.slice(from)).toEqual([]);
  });

  it("of the user's own decode, without a reward until one is chosen", async () => {
    await app.pick(EMBEDDED.policy);
    await app.call("choose", "policy");
    expect(await app.next("ready")).toMatchObject({ policy: "policy.gguf", reward: null });
    const { tokens } = await app.ask(10, QUESTION);
    expect(tokens[0]).toMatchObject({ reward: null });
    await app.pick(EMBEDDED.reward);
    await app.call("choose", "reward");
    expect(await app.next("ready")).toMatchObject({ policy: "policy.gguf", reward: "reward.gguf" });
  });

  it("that are none are an error, and the embedded pair is back on demand", async () => {
    const path = join(folder, "notes.gguf");
    writeFileSync(path, "not a model");
    await app.pick(path);
    await app.call("choose", "policy");
    expect(await app.next("failed")).toMatchObject({ code: "NOT_GGUF", message: expect.stringContaining(path) });
    await app.call("choose", "embedded");
    expect(await app.next("ready")).toMatchObject({ policy: "policy.gguf", reward: "reward.gguf" });
  });
});
