/** A page of examples/electron in headless Chromium, over the DevTools protocol on a pipe: its files and its bridge are the running app's. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import type { RunningApp, Told } from "../../electron/running-app.js";

/** Undefined where there is none. */
export const chromium = ["chromium", "chromium-browser", "google-chrome"].find((name) => spawnSync(name, ["--version"]).status === 0);

/** What the preload script would show to the page. */
const BRIDGE = `
  const call = (method, argument) => toTest(JSON.stringify({ method, argument }));
  let listener = () => {};
  window.tell = (told) => listener(told);
  window.chat = {
    listen: (to) => { listener = to; call("listening"); },
    send: (message) => call("send", message),
    choose: async (which) => call("choose", which),
    restart: async () => call("restart"),
  };`;

type Params = Record<string, unknown>;

export class BrowserPage {
  readonly #profile = mkdtempSync(join(tmpdir(), "argsearch-chromium-"));
  readonly #process: ChildProcess;
  readonly #answers = new Map<number, (message: { result?: Params; error?: { message: string } }) => void>();
  readonly #app: RunningApp;
  /** What the page wrote to its console as an error, its Content Security Policy's complaints included. */
  readonly errors: string[] = [];
  #session: string | undefined;
  #calls = 0;

  private constructor(app: RunningApp) {
    this.#app = app;
    const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", `--user-data-dir=${this.#profile}`];
    this.#process = spawn(chromium as string, flags, { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
    let rest = "";
    (this.#process.stdio[4] as Readable).setEncoding("utf8").on("data", (chunk: string) => {
      const messages = (rest + chunk).split("\0");
      rest = messages.pop() ?? "";
      for (const message of messages) this.#hear(JSON.parse(message));
    });
  }

  /** The app's page, once its script listens. `dark`: in the system's dark colours. */
  static async open(app: RunningApp, { width = 900, height = 760, dark = false } = {}): Promise<BrowserPage> {
    const page = new BrowserPage(app);
    const { targetId } = await page.#call("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await page.#call("Target.attachToTarget", { targetId, flatten: true });
    page.#session = sessionId as string;
    for (const domain of ["Page", "Runtime", "Log"]) await page.#call(`${domain}.enable`);
    await page.#call("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: false });
    await page.#call("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }] });
    await page.#call("Fetch.enable");
    await page.#call("Runtime.addBinding", { name: "toTest" });
    await page.#call("Page.addScriptToEvaluateOnNewDocument", { source: BRIDGE });
    await page.#call("Page.navigate", { url: "http://page/index.html" });
    return page;
  }

  /** The value of an expression. */
  async value(expression: string): Promise<unknown> {
    const { result, exceptionDetails } = await this.#call("Runtime.evaluate", { expression, returnByValue: true, awaitPromise: true });
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
    return (result as { value?: unknown }).value;
  }

  /** Waits until an expression is true, looking whenever the page was drawn. */
  async until(expression: string): Promise<void> {
    await this.value(`new Promise((resolve) => {
      const look = () => ((${expression}) ? resolve() : requestAnimationFrame(look));
      look();
    })`);
  }

  /** A click with the mouse, in the middle of the first element. */
  async click(selector: string): Promise<void> {
    const middle = `(({ x, y, width, height }) => ({ x: x + width / 2, y: y + height / 2 }))`;
    const at = (await this.value(`${middle}(document.querySelector(${JSON.stringify(selector)}).getBoundingClientRect())`)) as Params;
    const button = { ...at, button: "left", clickCount: 1 };
    await this.#call("Input.dispatchMouseEvent", { type: "mousePressed", ...button });
    await this.#call("Input.dispatchMouseEvent", { type: "mouseReleased", ...button });
  }

  async type(text: string): Promise<void> {
    await this.#call("Input.insertText", { text });
  }

  async press(key: string): Promise<void> {
    const event = { key, code: key, windowsVirtualKeyCode: { Enter: 13, Escape: 27 }[key] ?? 0 };
    await this.#call("Input.dispatchKeyEvent", { type: "rawKeyDown", ...event });
    await this.#call("Input.dispatchKeyEvent", { type: "keyUp", ...event });
  }

  /** A PNG. */
  async picture(): Promise<Buffer> {
    const { data } = await this.#call("Page.captureScreenshot", { format: "png" });
    return Buffer.from(data as string, "base64");
  }

  async close(): Promise<void> {
    this.#process.kill();
    await once(this.#process, "close");
    rmSync(this.#profile, { recursive: true, force: true });
  }

  #call(method: string, params: Params = {}): Promise<Params> {
    this.#calls += 1;
    const id = this.#calls;
    const order = { id, method, params, ...(this.#session === undefined ? {} : { sessionId: this.#session }) };
    return new Promise((resolve, reject) => {
      this.#answers.set(id, ({ result, error }) => (error ? reject(new Error(`${method}: ${error.message}`)) : resolve(result ?? {})));
      (this.#process.stdio[3] as Writable).write(`${JSON.stringify(order)}\0`);
    });
  }

  #hear({ id, method, params, ...answer }: { id?: number; method?: string; params?: Params; result?: Params }): void {
    if (id !== undefined) this.#answers.get(id)?.(answer);
    if (method === "Fetch.requestPaused") void this.#serve(params as { requestId: string; request: { url: string } });
    if (method === "Runtime.bindingCalled") void this.#obey(JSON.parse((params as { payload: string }).payload));
    if (method === "Runtime.exceptionThrown") this.errors.push(JSON.stringify(params));
    const entry = (params as { entry?: { level: string; text: string } } | undefined)?.entry;
    if (method === "Log.entryAdded" && entry?.level === "error") this.errors.push(entry.text);
  }

  async #serve({ requestId, request }: { requestId: string; request: { url: string } }): Promise<void> {
    const { status, headers, body } = await this.#app.fetch(`chat://page${new URL(request.url).pathname}`);
    const responseHeaders = Object.entries(headers).map(([name, value]) => ({ name, value }));
    await this.#call("Fetch.fulfillRequest", {
      requestId,
      responseCode: status,
      responseHeaders,
      body: Buffer.from(body).toString("base64"),
    });
  }

  async #obey({ method, argument }: { method: string; argument?: unknown }): Promise<void> {
    if (method !== "listening") return this.#app.call(method as "send", argument);
    this.#app.onTold = (told: Told) => void this.value(`window.tell(${JSON.stringify(told)})`);
    await this.#app.reload();
  }
}
