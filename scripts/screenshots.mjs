#!/usr/bin/env node
/**
 * Takes docs/playground-light.png and docs/playground-dark.png: the embedded pair answers in the playground, in Chromium. Each shows what another token
 * was chosen among: where the reward overturns the likeliest token, and where the plain answer goes wrong.
 *   npm run screenshots [-- FOLDER]
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { chromium as playwright } from "playwright-core";
import { EMBEDDED, load } from "../dist/index.js";
import { createServer } from "../dist/server.js";
import { chromium } from "./lib/chromium.mjs";
import { withPalette } from "./lib/png.mjs";
import { Failure, main, root } from "./lib/run.mjs";

const PROMPT = "Can you help me set up a light show?";
const VIEWPORT = { width: 1180, height: 800 };
const MARGIN = 12;

const SHOTS = [
  { colorScheme: "light", pane: "Guided", token: "Here" },
  { colorScheme: "dark", pane: "Plain", token: " What" },
];

/** The README shows them; nobody should wait for it. */
const MOST_BYTES = 250_000;

await main(import.meta.url, async ([folder = join(root, "docs")]) => {
  const launch = chromium({ fetch: true });
  if (launch === undefined) throw new Failure("There is no Chromium here: set CHROME_PATH");
  const server = createServer({ decoder: load({ ...EMBEDDED, slots: 2, threads: 1, gpu: false }) });
  const { url } = await server.listen({ port: 0 });
  const browser = await playwright.launch(launch);
  try {
    for (const shot of SHOTS) {
      const path = join(folder, `playground-${shot.colorScheme}.png`);
      const picture = withPalette(await take(browser, url, shot));
      if (picture.length > MOST_BYTES) throw new Failure(`${path} would have ${picture.length} bytes, more than ${MOST_BYTES}`);
      writeFileSync(path, picture);
      console.log(`${path}: ${Math.round(picture.length / 1000)} KB`);
    }
  } finally {
    await browser.close();
    await server.close();
  }
});

async function take(browser, url, { colorScheme, pane, token }) {
  const page = await browser.newPage({ viewport: VIEWPORT, deviceScaleFactor: 2, colorScheme });
  await page.goto(url);
  await page.getByLabel("Prompt", { exact: true }).last().fill(PROMPT);
  await page.getByRole("button", { name: "Answer" }).click();
  await page.getByText("Guided: done").waitFor();
  const tokens = page.getByRole("region", { name: pane }).getByRole("option");
  await tokens.nth((await tokens.allTextContents()).indexOf(token)).hover();
  await page.getByRole("tooltip").waitFor();
  const { y, height } = await page.locator(".curve").boundingBox();
  const picture = await page.screenshot({ clip: { x: 0, y: 0, width: VIEWPORT.width, height: Math.ceil(y + height + MARGIN) } });
  await page.close();
  return picture;
}
