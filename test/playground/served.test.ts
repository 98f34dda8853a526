/** The whole way: the embedded pair, the real server, a real browser. */
import { beforeAll, expect, it, onTestFinished } from "vitest";
import { type Decoder, EMBEDDED, load } from "../../src/index.js";
import { createServer } from "../../src/server/index.js";
import { ask, inChromium, openPage, paneOf } from "./in-chromium.js";

const PROMPT = "Can you help me set up a light show?";

inChromium("the playground of a real server", () => {
  let decoder: Decoder;
  beforeAll(async () => {
    decoder = await load({ ...EMBEDDED, slots: 2, threads: 1, gpu: false });
    return () => decoder.dispose();
  });

  /** The page of a server of this decoder. */
  async function served(options: { apiKey?: string } = {}) {
    const server = createServer({ decoder: Promise.resolve(decoder), ...options });
    const { url } = await server.listen({ port: 0 });
    onTestFinished(() => server.close());
    return openPage(url);
  }

  it("shows what the decoder decodes, plainly and guided", async () => {
    const page = await served();
    await ask(page, PROMPT);
    await page.getByText("Guided: done").waitFor();
    const plain = await decoder.generate(PROMPT, { method: "greedy", rewards: true, maxTokens: 200 });
    const guided = await decoder.generate(PROMPT, { weight: 0.6, topK: 10, maxTokens: 200, candidates: true });
    for (const [name, { text, reward, tokens }] of [
      ["Plain", plain],
      ["Guided", guided],
    ] as const) {
      expect(await paneOf(page, name).getByRole("listbox").textContent()).toBe(text);
      expect(await paneOf(page, name).getByRole("option").count()).toBe(tokens.length);
      const shown = (await paneOf(page, name).locator("dl .strong dd").textContent())?.replace("−", "-");
      // Another batch rounds F16 in another order.
      expect(Number(shown)).toBeCloseTo(reward as number, 1);
    }

    await paneOf(page, "Guided").getByRole("option").first().hover();
    await page.getByRole("row").nth(10).waitFor();
    const rows = await page.getByRole("tooltip").getByRole("row").allTextContents();
    expect(rows).toHaveLength(11);
    expect(rows.filter((row) => row.includes("(chosen)"))).toEqual([expect.stringMatching(/^Here \(chosen\)−\d\.\d\d/)]);
    await paneOf(page, "Plain").getByRole("option").nth(2).hover();
    await expect.poll(() => page.getByRole("tooltip").getByRole("row").count()).toBe(6);
  });

  it("draws with a seed, by blocks, and gives the slots back when it is stopped", async () => {
    const page = await served();
    await page.getByLabel("method").selectOption("blocks");
    await page.getByLabel("block", { exact: true }).fill("4");
    await page.getByLabel("seed").fill("11");
    await ask(page, PROMPT);
    await page.getByText("Guided: done").waitFor();
    expect(await paneOf(page, "Guided").locator("dl").textContent()).toContain("seed11");

    await page.getByLabel("max tokens").fill("1000");
    await page.getByLabel("method").selectOption("args");
    for (let time = 0; time < 3; time++) {
      await page.getByRole("button", { name: "Answer" }).click();
      await page.getByRole("button", { name: "Stop" }).click();
      await page.getByText(/Guided: stopped|Guided: done/).waitFor();
    }
    await page.getByRole("button", { name: "Answer" }).click();
    await page.getByText("Guided: done").waitFor();
  });

  it("asks for the key that the server asks for, and says what the server refuses", async () => {
    const page = await served({ apiKey: "secret" });
    await page.getByLabel("API key").fill("secret");
    await page.keyboard.press("Enter");
    await ask(page, "light show ".repeat(2000));
    await page.getByText("Plain: failed. Guided: failed.").waitFor();
    expect(await paneOf(page, "Plain").getByRole("alert").textContent()).toMatch(/^PROMPT_TOO_LONG /);
  });
});
