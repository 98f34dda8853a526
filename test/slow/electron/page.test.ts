/** The page of examples/electron in a browser, with a real decoder behind it. ARGSEARCH_PICTURES=DIR keeps what it looked like. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { RunningApp } from "../../electron/running-app.js";
import { startApp } from "../../electron/start-app.js";
import { BrowserPage, chromium } from "./browser.js";

const folder = mkdtempSync(join(tmpdir(), "argsearch-page-"));
const READY = 'document.querySelector("#suggestions button")?.disabled === false';
const FINISHED = '(document.querySelector(".answer:last-child footer")?.textContent ?? "") !== ""';

describe.skipIf(chromium === undefined)("the page", () => {
  let app: RunningApp;
  let page: BrowserPage;
  beforeAll(async () => {
    app = startApp(folder);
    await app.next("ready");
  });
  beforeEach(async () => {
    page = await BrowserPage.open(app, { dark: expect.getState().currentTestName?.includes("dark") ?? false });
    await page.until(READY);
  });
  afterEach(async () => {
    expect(page.errors).toEqual([]);
    await page.close();
  });
  afterAll(async () => {
    await app?.close();
    rmSync(folder, { recursive: true });
  });

  const answers = () => page.value('[...document.querySelectorAll(".answer .text")].map((each) => each.textContent)');
  const keep = async (name: string) => {
    const { ARGSEARCH_PICTURES: dir } = process.env;
    if (dir) writeFileSync(join(dir, `${name}.png`), await page.picture());
  };

  it("asks, colours every token by its reward, and asks again in the same conversation", async () => {
    await keep("welcome");
    await page.click("#suggestions button");
    await page.until(FINISHED);
    expect(await answers()).toEqual([expect.stringContaining("Here is how to set up a light show.")]);
    expect(await page.value('document.querySelector(".answer footer").textContent')).toMatch(/^reward \d\.\d\d · \d+ tokens · \d/);
    const colours = (await page.value(
      '[...document.querySelectorAll(".token")].map((each) => getComputedStyle(each).backgroundColor)',
    )) as string[];
    expect(new Set(colours).size).toBeGreaterThan(10);
    await page.click("#question");
    await page.type("How do I plant a herb garden?");
    await page.press("Enter");
    await page.until(`document.querySelectorAll(".answer").length === 2 && ${FINISHED}`);
    expect(await answers()).toHaveLength(2);
    expect(await page.value("document.scrollingElement.scrollWidth <= innerWidth")).toBe(true);
    await keep("conversation");
  });

  it("follows the weight, and begins anew, in dark colours", async () => {
    await page.value('document.getElementById("weight").value = 0');
    await page.value('document.getElementById("weight").dispatchEvent(new Event("input"))');
    expect(await page.value('document.getElementById("weight-words").textContent')).toBe("the policy alone");
    await page.click("#suggestions button");
    await page.until(FINISHED);
    expect(await answers()).toEqual([expect.stringMatching(/^[^?]* What [^?]*[?]/)]);
    await keep("dark");
    await page.click("#new");
    expect(await answers()).toEqual([]);
    expect(await page.value('document.getElementById("welcome") !== null')).toBe(true);
  });

  it("stops", async () => {
    await page.click("#suggestions button");
    await page.press("Escape");
    await page.until(FINISHED);
    expect(await page.value('document.querySelector(".answer footer").textContent')).toMatch(/stopped$/);
    expect(await page.value('document.getElementById("stop").hidden')).toBe(true);
  });

  it("says that the decoder died, gives the question back, and goes on", async () => {
    await page.click("#suggestions button");
    await app.kill();
    await page.until('!document.getElementById("error").hidden && !document.getElementById("send").disabled');
    expect(await page.value('document.getElementById("error").innerText')).toContain("The decoder ended. It is being started again.");
    expect(await page.value('document.getElementById("question").value')).toBe("Can you help me set up a light show?");
    await keep("ended");
    await page.click("#send");
    await page.until(FINISHED);
  });

  it("shows why models cannot be loaded, and takes others", async () => {
    const path = join(folder, "notes.gguf");
    writeFileSync(path, "not a model");
    await app.pick(path);
    await page.click("#models");
    await keep("chooser");
    await page.click('[data-choose="policy"]');
    await page.until('document.getElementById("error").innerText.includes("NOT_GGUF")');
    await keep("failed");
    await page.click("#models");
    await page.click('[data-choose="embedded"]');
    await page.until(`document.getElementById("error").hidden && ${READY}`);
    expect(await page.value('document.getElementById("models").innerText')).toBe("policy.gguf guided by reward.gguf");
  });
});
