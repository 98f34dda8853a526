/** Two answers at once, as they arrive. */
import { expect, it, vi } from "vitest";
import { PLAN, STALL } from "./answers.js";
import { ask, gate, inChromium, openPage, paneOf } from "./in-chromium.js";
import { mockServer } from "./mock-server.js";

const textIn = (page: Parameters<typeof paneOf>[0], name: "Plain" | "Guided") => paneOf(page, name).getByRole("listbox").textContent();

inChromium("the playground", () => {
  it("asks for a plain and a guided answer at once, and shows both as they arrive", async () => {
    const [plain, guided] = [gate(), gate()];
    const server = await mockServer({
      plain: [...STALL.slice(0, 2), plain, ...STALL.slice(2)],
      guided: [...PLAN.slice(0, 3), guided, ...PLAN.slice(3)],
    });
    const page = await openPage(server.url);
    await ask(page, "Can you help me set up a light show?");

    await vi.waitFor(async () => {
      expect(await textIn(page, "Plain")).toBe("Certainly.");
      expect(await textIn(page, "Guided")).toBe("Here is how");
    });
    expect(await page.getByRole("status").first().textContent()).toBe("Answering.");
    const common = { model: "mock", messages: [{ role: "user", content: "Can you help me set up a light show?" }], stream: true };
    expect(server.requests).toContainEqual(expect.objectContaining({ ...common, argsearch: { weight: 0, rewards: true } }));
    expect(server.requests).toContainEqual(
      expect.objectContaining({ ...common, argsearch: { method: "args", weight: 0.6, topK: 10, candidates: true } }),
    );

    guided.open();
    await paneOf(page, "Guided").getByText("ended by itself").waitFor();
    expect(await textIn(page, "Guided")).toBe("Here is how.\n1");
    expect(await textIn(page, "Plain")).toBe("Certainly.");
    plain.open();
    await page.getByText("Plain: done, reward −2.50. Guided: done, reward 1.50.").waitFor();
    expect(await textIn(page, "Plain")).toBe("Certainly. What shape?");
    const figures = await paneOf(page, "Guided").locator("dl").innerText();
    expect(figures.replace(/\s+/g, " ")).toMatch(/reward 1\.50 tokens 7 tokens\/s, shared \S+ end ended by itself/);
  });

  it("stops both when told, and keeps what there was", async () => {
    const never = { wait: new Promise<void>(() => {}) };
    const server = await mockServer({ plain: [...STALL.slice(0, 2), never], guided: [...PLAN.slice(0, 2), never] });
    const page = await openPage(server.url);
    await ask(page);
    await vi.waitFor(async () => expect(await textIn(page, "Guided")).toBe("Here is"));
    expect(server.left).toBe(0);
    await page.getByRole("button", { name: "Stop" }).click();
    await vi.waitFor(() => expect(server.left).toBe(2));
    await page.getByText("Plain: stopped, reward 0.40. Guided: stopped, reward 1.90.").waitFor();
    expect(await textIn(page, "Plain")).toBe("Certainly.");
    await page.getByRole("button", { name: "Answer" }).waitFor();
    expect(server.requests).toHaveLength(2);
  });

  it("sends what is set", async () => {
    const server = await mockServer({ plain: STALL, guided: PLAN });
    const page = await openPage(server.url);
    await page.getByLabel("weight w").press("ArrowRight");
    await page.getByLabel("candidates k").press("Home");
    await page.getByLabel("temperature").press("ArrowRight");
    await page.getByLabel("max tokens").fill("33");
    await page.getByLabel("seed").fill("42");
    await page.getByLabel("system prompt").fill("Be brief.");
    await ask(page, "line 1");
    await page.getByText("Guided: done").waitFor();
    expect(server.requests).toContainEqual({
      model: "mock",
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "line 1" },
      ],
      stream: true,
      max_tokens: 33,
      temperature: 0.1,
      seed: 42,
      argsearch: { method: "args", weight: 0.65, topK: 1, candidates: true },
    });

    await page.getByLabel("method").selectOption("blocks");
    await page.getByLabel("drafts").press("ArrowRight");
    await page.getByLabel("Prompt", { exact: true }).last().press("Enter");
    await vi.waitFor(() => expect(server.requests).toHaveLength(4));
    expect(server.requests.map(({ argsearch }) => argsearch)).toContainEqual({ method: "blocks", block: 16, drafts: 5 });
  });

  it("asks an example at a click", async () => {
    const server = await mockServer({ plain: STALL, guided: PLAN });
    const page = await openPage(server.url);
    await page.getByRole("button", { name: "I want to pass a physics quiz. Any advice?" }).click();
    await page.getByText("Guided: done").waitFor();
    expect(server.requests.map(({ messages }) => messages[0]?.content)).toEqual(
      Array(2).fill("I want to pass a physics quiz. Any advice?"),
    );
  });

  it("takes no text for markup, wherever it comes from", async () => {
    const evil = '<img src="x" onerror="document.title = 1"><script>document.title = 2</script>';
    const tokens = [{ text: evil, reward: 1, candidates: [[evil, -1, 1] as [string, number, number]] }];
    const server = await mockServer({ plain: [{ error: { code: evil, message: evil } }], guided: tokens });
    const page = await openPage(server.url);
    await ask(page, evil);
    await page.getByText("Guided: done").waitFor();
    expect(await textIn(page, "Guided")).toBe(evil);
    await paneOf(page, "Guided").locator(".token").hover();
    await expect.poll(() => page.getByRole("tooltip").textContent()).toContain("<img");
    expect(await page.locator("img, #app script").count()).toBe(0);
    expect(await page.title()).toBe("argsearch playground");
  });
});
