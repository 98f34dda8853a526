/** The page as it is packed: small, whole, and from one host alone. */
import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "../cli/run.js";

const MOST_BYTES = 200_000;

/** Names of XML's vocabularies, which nobody asks for. */
const NAMESPACES = ["http://www.w3.org/2000/svg", "http://www.w3.org/1999/xhtml", "http://www.w3.org/1998/Math/MathML"];

const folder = join(root, "dist", "playground");
const files = readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map(({ parentPath, name }) => ({ name, content: readFileSync(join(parentPath, name), "utf8") }));
const page = files.find(({ name }) => name === "index.html")?.content ?? "";

describe("the built playground", () => {
  it(`is a page, a script, a style sheet and an icon in less than ${MOST_BYTES / 1000} KB`, () => {
    expect(files.map(({ name }) => extname(name)).sort()).toEqual([".css", ".html", ".js", ".svg"]);
    expect(files.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0)).toBeLessThan(MOST_BYTES);
  });

  it("names no other host", () => {
    for (const { name, content } of files) {
      const named = [...content.matchAll(/(?:https?:|wss?:)?\/\/[\w-]+\.[\w.-]+[^\s"'`)>]*/g)].map(([url]) => url);
      expect(
        named.filter((url) => !NAMESPACES.includes(url)),
        name,
      ).toEqual([]);
    }
  });

  it("has nothing inline, so that its own files are all that a security policy has to allow", () => {
    expect(page).toMatch(/<script type="module"[^>]* src="\.\/assets\/[\w-]+\.js"><\/script>/);
    expect(page.match(/<script/g)).toHaveLength(1);
    expect(page).not.toMatch(/<style|\sstyle=|\son\w+=|javascript:|data:/);
    for (const { content } of files) expect(content).not.toMatch(/\beval\(|new Function\(|sourceMappingURL/);
  });
});
