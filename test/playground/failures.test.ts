/** What goes wrong is said, and nothing else is lost. */
import { expect, it, vi } from "vitest";
import { PLAN, STALL } from "./answers.js";
import { ask, gate, inChromium, openPage, paneOf } from "./in-chromium.js";
import { mockServer } from "./mock-server.js";

inChromium("the playground", () => {
  it("says why one answer is refused, and the other goes on", async () => {
    const refuse = { status: 429, code: "BUSY", message: "All slots are taken: try again in 3 s" };
    const server = await mockServer({ plain: STALL, guided: PLAN, refuse });
    const page = await openPage(server.url);
    await ask(page);
    await page.getByText("Plain: done, reward −2.50. Guided: failed.").waitFor();
    expect(await paneOf(page, "Guided").getByRole("alert").textContent()).toBe("BUSY All slots are taken: try again in 3 s");
    expect(await paneOf(page, "Plain").getByRole("listbox").textContent()).toBe("Certainly. What shape?");
    expect(await paneOf(page, "Plain").getByRole("alert").count()).toBe(0);
  });

  it("shows an error in the middle of an answer, below what there was", async () => {
    const error = { code: "REWARD_FUNCTION_FAILED", message: "it threw" };
    const server = await mockServer({ plain: STALL, guided: [...PLAN.slice(0, 2), { error }] });
    const page = await openPage(server.url);
    await ask(page);
    await page.getByText("Guided: failed.").waitFor();
    expect(await paneOf(page, "Guided").getByRole("alert").textContent()).toBe("REWARD_FUNCTION_FAILED it threw");
    expect(await paneOf(page, "Guided").getByRole("listbox").textContent()).toBe("Here is");
  });

  it("says so when the server is gone in the middle, keeps what there was, and can ask again", async () => {
    const server = await mockServer({ plain: [...STALL.slice(0, 3), "die"], guided: [...PLAN.slice(0, 3), "die"] });
    const page = await openPage(server.url);
    await ask(page);
    await page.getByText("Plain: failed. Guided: failed.").waitFor();
    for (const [name, text] of [
      ["Plain", "Certainly. What"],
      ["Guided", "Here is how"],
    ] as const) {
      expect(await paneOf(page, name).getByRole("alert").textContent()).toMatch(/^CONNECTION_LOST /);
      expect(await paneOf(page, name).getByRole("listbox").textContent()).toBe(text);
    }
    server.script.plain = STALL;
    server.script.guided = PLAN;
    await page.getByRole("button", { name: "Answer" }).click();
    await page.getByText("Plain: done, reward −2.50. Guided: done").waitFor();
    expect(await page.getByRole("alert").count()).toBe(0);

    await server.close();
    await page.getByRole("button", { name: "Answer" }).click();
    await page.getByText("Plain: failed. Guided: failed.").waitFor();
    expect(await paneOf(page, "Plain").getByRole("alert").textContent()).toMatch(/^NO_CONNECTION /);
  });

  it("waits while the server loads, and goes on by itself", async () => {
    const server = await mockServer({ plain: STALL, guided: PLAN, loading: true });
    const page = await openPage(server.url);
    await page.getByText("Loading model …").waitFor();
    await page.getByText("1 s so far").waitFor();
    server.script.loading = false;
    await page.getByRole("button", { name: "Answer" }).waitFor();
  });

  it("asks for the key of a server that has one, and keeps it for this tab", async () => {
    const server = await mockServer({ plain: STALL, guided: PLAN, apiKey: "right" });
    const page = await openPage(server.url);
    await page.getByLabel("API key").fill("wrong");
    await page.getByRole("button", { name: "Go on" }).click();
    await page.getByText("The server does not take this key.").waitFor();
    await page.getByLabel("API key").fill("right");
    await page.keyboard.press("Enter");
    await ask(page);
    await page.getByText("Guided: done").waitFor();
    expect(await page.evaluate(() => [Object.values(sessionStorage), Object.values(localStorage)])).toEqual([["right"], []]);
    await page.reload();
    await page.getByRole("button", { name: "Answer" }).waitFor();

    server.script.apiKey = "another";
    await ask(page);
    await page.getByText("The server does not take this key.").waitFor();
  });

  it("without a reward model shows the plain answer alone, and says why", async () => {
    const server = await mockServer({ plain: [{ text: "Certainly", reward: null }], guided: [], rewards: [] });
    const page = await openPage(server.url);
    await page.getByText("This server has no reward model").waitFor();
    await ask(page);
    await page.getByText("Plain: done.").waitFor();
    expect(server.requests.map(({ argsearch }) => argsearch)).toEqual([{ weight: 0 }]);
    expect(await page.getByRole("region", { name: "Guided" }).count()).toBe(0);
    expect(await page.getByLabel("weight w").count()).toBe(0);
  });

  it("says when the server cannot be reached, and tries again", async () => {
    const server = await mockServer({ plain: STALL, guided: PLAN });
    const page = await openPage(server.url);
    const { wait, open } = gate();
    await page.route("**/health", async (route) => {
      await wait;
      await route.abort();
    });
    await page.reload();
    open();
    await page.getByText("NO_CONNECTION").waitFor();
    await page.unroute("**/health");
    await page.getByRole("button", { name: "Try again" }).click();
    await vi.waitFor(async () => expect(await page.getByRole("button", { name: "Answer" }).count()).toBe(1));
  });
});
