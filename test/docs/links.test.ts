/** The check of links that `npm run docs` ends with. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, it } from "vitest";
import { root, scratch } from "../cli/run.js";

type BrokenLinks = (site: string) => string[];

it("finds links to pages, headings and files that are not there, and those that leave the site", async () => {
  const { brokenLinks } = (await import(pathToFileURL(join(root, "scripts/docs/links.mjs")).href)) as { brokenLinks: BrokenLinks };
  const site = await scratch();
  await mkdir(join(site, "docs"));
  await writeFile(join(site, "style.css"), "");
  await writeFile(
    join(site, "index.html"),
    `<link rel="stylesheet" href="style.css"><a class="x" href="docs/page.html#here">good</a><a href="#top" id="top">good</a>
     <a href="https://example.com/none">elsewhere</a><a href="docs/none.html">bad</a><a href="docs/page.html#gone">bad</a><a href="docs">bad</a>`,
  );
  await writeFile(
    join(site, "docs", "page.html"),
    `<h2 id="here"></h2><a href="../index.html?x&amp;y#top">?</a><img alt="" src="none.svg"><a href="../../out.html">bad</a>`,
  );
  expect(brokenLinks(site).sort()).toEqual([
    "docs/page.html: ../../out.html: outside the site",
    "docs/page.html: none.svg: no such page",
    "index.html: docs/none.html: no such page",
    "index.html: docs/page.html#gone: no such heading",
    "index.html: docs: no such page",
  ]);
});
