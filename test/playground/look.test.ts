/** Light and dark, narrow screens, and who does not see or uses no mouse: axe-core's rules of WCAG 2.2 AA. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { PLAN, STALL, token } from "./answers.js";
import { ask, inChromium, openPage, paneOf } from "./in-chromium.js";
import { mockServer } from "./mock-server.js";

interface AxeRun {
  violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
  passes: { id: string }[];
}

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

async function requireAccessible(page: Page): Promise<void> {
  await page.evaluate(axe);
  const { violations, passes } = await page.evaluate(
    (values) => (globalThis as unknown as { axe: { run(options: object): Promise<AxeRun> } }).axe.run({ runOnly: { type: "tag", values } }),
    RULES,
  );
  expect(violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary}`))).toEqual([]);
  expect(passes.map(({ id }) => id)).toContain("color-contrast");
}

/** From the lowest reward to the highest, so that every shade has text on it. */
const EVERY_SHADE = Array.from({ length: 25 }, (_, at) => token(` w${at}`, at / 4 - 3));

inChromium("the playground", () => {
  for (const colorScheme of ["light", "dark"] as const) {
    it(`is accessible in ${colorScheme} from the first view to the answers`, async () => {
      const server = await mockServer({ plain: EVERY_SHADE, guided: PLAN });
      const page = await openPage(server.url, { colorScheme });
      await page.getByRole("button", { name: "Answer" }).waitFor();
      await requireAccessible(page);
      await ask(page);
      await page.getByText("Guided: done").waitFor();
      await paneOf(page, "Guided").getByRole("option").first().focus();
      await page.getByText("The same request as code").click();
      await page.getByLabel("seed").fill("1");
      await requireAccessible(page);
    });

    it(`is accessible in ${colorScheme} where something is wrong`, async () => {
      const server = await mockServer({ plain: ["die"], guided: PLAN, apiKey: "right" });
      const page = await openPage(server.url, { colorScheme });
      await page.getByLabel("API key").fill("wrong");
      await page.keyboard.press("Enter");
      await page.getByRole("alert").waitFor();
      await requireAccessible(page);
      await page.getByLabel("API key").fill("right");
      await page.keyboard.press("Enter");
      await ask(page);
      await page.getByText("Plain: failed.").waitFor();
      await requireAccessible(page);
    });
  }

  it("is light or dark as the system is, until told otherwise", async () => {
    const server = await mockServer({ plain: STALL, guided: PLAN });
    const page = await openPage(server.url, { colorScheme: "light" });
    const paper = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const light = await paper();
    await page.emulateMedia({ colorScheme: "dark" });
    await expect.poll(paper).not.toBe(light);
    await page.getByRole("button", { name: "Switch to light" }).click();
    await expect.poll(paper).toBe(light);
    await page.reload();
    await page.getByRole("button", { name: "Switch to dark" }).waitFor();
    expect(await paper()).toBe(light);
  });

  it("fits a screen of 360 pixels, with what was chosen among at its bottom", async () => {
    const long = { ...token(`${"x".repeat(200)}\n`, 1), candidates: [["y".repeat(90), -1, 1]] as [string, number, number][] };
    const server = await mockServer({ plain: [...STALL, long], guided: [long, ...PLAN] });
    const page = await openPage(server.url, { viewport: { width: 360, height: 640 }, hasTouch: true });
    const width = () => page.evaluate(() => document.documentElement.scrollWidth);
    await ask(page, "z".repeat(300));
    await page.getByText("Guided: done").waitFor();
    expect(await width()).toBe(360);
    await page.getByText("Settings").first().click();
    await page.getByText("The same request as code").click();
    expect(await width()).toBe(360);
    await paneOf(page, "Guided").getByRole("option").nth(1).tap();
    const box = await page.getByRole("tooltip").boundingBox();
    expect(box).toMatchObject({ x: 0, width: 360 });
    expect((box?.y ?? 0) + (box?.height ?? 0)).toBe(640);
  });

  it("moves nothing for those who want no motion", async () => {
    const never = { wait: new Promise<void>(() => {}) };
    const server = await mockServer({ plain: [...STALL, never], guided: [...PLAN, never] });
    const page = await openPage(server.url, { reducedMotion: "reduce" });
    await ask(page);
    await paneOf(page, "Guided").getByRole("option").first().waitFor();
    const running = () => page.evaluate(() => document.getAnimations().length);
    expect(await running()).toBe(0);
    await page.emulateMedia({ reducedMotion: "no-preference" });
    await expect.poll(running).toBeGreaterThan(0);
  });
});
