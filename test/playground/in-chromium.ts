/** Tests in a real Chromium: a page of its own for each, which may speak to its own server alone. */
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, describe, expect, onTestFinished } from "vitest";
import { script } from "../project/scripts.js";

interface Launch {
  executablePath: string;
  args: string[];
  env?: Record<string, string>;
}

const { chromium: find } = await script<{ chromium(): Launch | undefined }>("lib/chromium.mjs");
const launch = find();
if (launch === undefined)
  console.warn("The playground is not tested: there is no Chromium. `npm run chromium` fetches one, CHROME_PATH names yours.");

let browser: Promise<Browser> | undefined;

/** Skipped where there is no Chromium; on CI there is one, or the file fails. */
export const inChromium: typeof describe.skip = launch ? describe : describe.skip;

/** The page at `url`. What it asks of other hosts, what it throws and what its security policy refuses fails the test. */
export async function openPage(url: string, options: BrowserContextOptions = {}): Promise<Page> {
  browser ??= chromium.launch(launch);
  const context = await (await browser).newContext({ viewport: { width: 1280, height: 860 }, ...options });
  context.setDefaultTimeout(15_000);
  const faults: string[] = [];
  context.on("request", (request) => {
    if (new URL(request.url()).host !== new URL(url).host) faults.push(`asked for ${request.url()}`);
  });
  const page = await context.newPage();
  page.on("pageerror", (error) => faults.push(`threw ${error.message}`));
  page.on("console", (message) => {
    if (/security policy/i.test(message.text())) faults.push(message.text());
  });
  onTestFinished(async () => {
    await context.close();
    expect(faults).toEqual([]);
  });
  await page.goto(url);
  return page;
}

/** Writes the prompt and sends it. */
export async function ask(page: Page, prompt = "Can you help me?"): Promise<void> {
  await page.getByLabel("Prompt", { exact: true }).last().fill(prompt);
  await page.getByRole("button", { name: "Answer" }).click();
}

export function paneOf(page: Page, name: "Plain" | "Guided") {
  return page.getByRole("region", { name, exact: true });
}

/** A promise that the test resolves. */
export function gate(): { wait: Promise<void>; open: () => void } {
  let open = (): void => {};
  const wait = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { wait, open };
}

afterAll(async () => {
  await (await browser)?.close();
});
