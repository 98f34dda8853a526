/** Tokens in the colours of their rewards, and what each was chosen among. */
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { PLAN, STALL, token } from "./answers.js";
import { ask, inChromium, openPage, paneOf } from "./in-chromium.js";
import { type Mock, mockServer, type Script } from "./mock-server.js";

async function answered(script: Script = { plain: STALL, guided: PLAN }): Promise<{ page: Page; server: Mock }> {
  const server = await mockServer(script);
  const page = await openPage(server.url);
  await ask(page);
  await page.getByText("Guided: done").waitFor();
  return { page, server };
}

const tokensOf = (page: Page, name: "Plain" | "Guided") => paneOf(page, name).getByRole("option");

function coloursOf(page: Page, name: "Plain" | "Guided"): Promise<string[]> {
  return tokensOf(page, name).evaluateAll((all) => all.map((each) => getComputedStyle(each).backgroundColor));
}

/** Red and blue of a colour, as the browser draws it. */
async function redAndBlue(page: Page, colour: string): Promise<{ red: number; blue: number }> {
  const [red = 0, , blue = 0] = await page.evaluate((value) => {
    const context = document.createElement("canvas").getContext("2d") as CanvasRenderingContext2D;
    context.fillStyle = value;
    context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data];
  }, colour);
  return { red, blue };
}

/** The rows of the note that is open, without the mark for eyes. */
async function candidates(page: Page): Promise<string[]> {
  const rows = await page.getByRole("tooltip").getByRole("row").allTextContents();
  return rows.map((row) => row.replace(/\s+/g, " "));
}

inChromium("a token", () => {
  it("has the colour of its reward, on one scale for both answers", async () => {
    const { page } = await answered({ plain: [token("a", -2), token("b", 2), token("c", null)], guided: [token("d", 2), token("e", 0)] });
    const [a = "", b, c] = await coloursOf(page, "Plain");
    const [d = "", e] = await coloursOf(page, "Guided");
    expect(b).toBe(d);
    expect(new Set([a, c, d, e]).size).toBe(4);
    expect(c).toBe("rgba(0, 0, 0, 0)");
    const [low, high] = [await redAndBlue(page, a), await redAndBlue(page, d)];
    expect(low.red).toBeGreaterThan(low.blue + 50);
    expect(high.blue).toBeGreaterThan(high.red + 50);
    expect(await page.getByRole("img", { name: "Colours, from reward −1.7 to 2.0" }).isVisible()).toBe(true);
  });

  it("of a block has the colour of the block's end", async () => {
    const server = await mockServer({ plain: STALL, guided: [token("a", null), token("b", -2), token("c", null), token("d", 2)] });
    const page = await openPage(server.url);
    await page.getByLabel("method").selectOption("blocks");
    await ask(page);
    await page.getByText("Guided: done").waitFor();
    const [a, b, c, d] = await coloursOf(page, "Guided");
    expect([a, c]).toEqual([b, d]);
    expect(a).not.toBe(c);
    await tokensOf(page, "Guided").first().hover();
    await expect.poll(() => page.getByRole("tooltip").textContent()).toBe("atoken 1log P −0.50, rated at the end of its block");
  });

  it("shows under the pointer what it was chosen among", async () => {
    const { page } = await answered();
    await tokensOf(page, "Guided").first().hover();
    await expect
      .poll(() => candidates(page))
      .toEqual(["candidatelog Prewardscore", "Certainly−1.00−0.50−1.50", "Of−1.50−0.75−2.25", "Here (chosen)−2.252.00−0.25"]);
    const [other, chosen] = await page
      .locator(".candidates .swatch")
      .evaluateAll((all) => [all[0], all[2]].map((each) => getComputedStyle(each as Element).backgroundColor));
    expect(chosen).toBe((await coloursOf(page, "Guided"))[0]);
    expect(other).not.toBe(chosen);

    await page.getByRole("tooltip").hover();
    await page.waitForTimeout(300);
    expect(await page.getByRole("tooltip").isVisible()).toBe(true);
    await page.mouse.move(5, 5);
    await page.getByRole("tooltip").waitFor({ state: "detached" });

    await tokensOf(page, "Plain").nth(2).hover();
    await expect.poll(() => candidates(page)).toEqual(["candidatelog Preward", "␣What (chosen)−0.50−1.00", "␣other−1.50–"]);
  });

  it("is reached with keys alone, and Escape closes its note", async () => {
    const { page } = await answered();
    const focused = () => page.evaluate(() => document.activeElement?.textContent);
    await page.getByRole("button", { name: "I want to pass" }).focus();
    await page.keyboard.press("Tab");
    expect(await focused()).toBe("Certainly");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    expect(await focused()).toBe(" What");
    await page.getByRole("tooltip").waitFor();
    const description = () =>
      page.evaluate(() => document.getElementById(document.activeElement?.getAttribute("aria-describedby") ?? "")?.textContent);
    await expect.poll(description).toContain("␣What (chosen)");
    await page.keyboard.press("Escape");
    await page.getByRole("tooltip").waitFor({ state: "detached" });
    expect(await focused()).toBe(" What");
    await page.keyboard.press("Enter");
    await page.getByRole("tooltip").waitFor();

    // One stop for Tab in each answer: where one was last.
    await page.keyboard.press("Tab");
    expect(await focused()).toBe("Here");
    await page.keyboard.press("ArrowDown");
    expect(await focused()).toBe("1");
    await page.keyboard.press("ArrowUp");
    expect(await focused()).toBe("Here");
    await page.keyboard.press("End");
    expect(await page.evaluate(() => document.activeElement?.getAttribute("aria-label"))).toBe("no text");
    await page.keyboard.press("Shift+Tab");
    expect(await focused()).toBe(" What");
  });

  it("is marked on the curve, which has both answers", async () => {
    const { page } = await answered();
    const curve = page.getByRole("img", { name: /Reward by token/ });
    expect(await curve.getAttribute("aria-label")).toBe("Reward by token. plain: −2.50 after 6 tokens; guided: 1.50 after 7 tokens.");
    const points = await curve.locator("path").evaluateAll((paths) => paths.map((path) => path.getAttribute("d")?.split("L").length));
    expect(points).toEqual([6, 7]);
    await tokensOf(page, "Plain").nth(5).hover();
    await curve.locator("circle").waitFor();
    const mark = await curve.locator("circle").evaluate((circle) => [circle.getAttribute("cx"), circle.getAttribute("cy")].map(Number));
    const end = await curve.locator("path.plain").evaluate((path) => path.getAttribute("d")?.split("L").at(-1)?.split(" ").map(Number));
    expect(mark[0]).toBeCloseTo(end?.[0] as number, 0);
    expect(mark[1]).toBeCloseTo(end?.[1] as number, 0);
  });
});
