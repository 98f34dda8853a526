/**
 * Copies of the pages for typedoc, at the same places relative to each other: with a menu's title and group, and with links that lead
 * somewhere. What a page shows is copied along; what it links to beside pages is in the repository, if package.json names one.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { root } from "../lib/run.mjs";

/** A Markdown link or image: its text up to the bracket, its target. Code, in blocks or in a line, is passed over. */
const LINKS = /```[\s\S]*?```|`[^`\n]*`|(!?)\[((?:[^[\]]|\[[^\]]*\]|!\[[^\]]*\]\([^)]*\))*)\]\(([^()\s]+)\)/g;

/**
 * @param pages as contents.mjs gives them
 * @param home the file that begins the site
 * @param source address of a file in the repository, or undefined when it is not known
 */
export function stage(folder, pages, home, source) {
  rmSync(folder, { recursive: true, force: true });
  const known = new Set([home, ...pages.map(({ file }) => file)]);
  const write = (file, head) => {
    const markdown = readFileSync(join(root, file), "utf8");
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), head + relink(markdown, file, { folder, known, source }));
  };
  write(home, "");
  for (const { file, group, title, name } of pages)
    write(file, `---\ntitle: ${JSON.stringify(title)}\ngroup: ${group}\naddress: ${name}\n---\n\n`);
}

function relink(markdown, file, { folder, known, source }) {
  return markdown.replace(LINKS, (whole, image, text, target) => {
    if (target === undefined) return whole;
    const inner = text.includes("](") ? relink(text, file, { folder, known, source }) : text;
    if (/^(#|[a-z]+:)/.test(target)) return `${image}[${inner}](${target})`;
    const path = posix.normalize(posix.join(posix.dirname(file), target.split("#")[0])).replace(/\/$/, "");
    if (known.has(path)) return `${image}[${inner}](${target})`;
    if (image !== "" && existsSync(join(root, path))) {
      cpSync(join(root, path), join(folder, path));
      return `![${inner}](${target})`;
    }
    if (!existsSync(join(root, path))) return whole; // which the check of links names
    return source === undefined ? inner : `[${inner}](${source(path)})`;
  });
}
