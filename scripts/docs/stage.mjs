/**
 * Copies of the pages for typedoc, at the same places relative to each other: with a menu's title and group, and with links that lead
 * somewhere. What a page shows is copied along; what it links to beside pages is in the repository, if package.json names one.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { Failure, root } from "../lib/run.mjs";

/** A Markdown link or image: its text up to the bracket, its target. Code, in blocks or in a line, is passed over. */
const LINKS = /```[\s\S]*?```|`[^`\n]*`|(!?)\[((?:[^[\]]|\[[^\]]*\]|!\[[^\]]*\]\([^)]*\))*)\]\(([^()\s]+)\)/g;

/** How pages that ship with the package link to what does not. */
const REPOSITORY = /^https:\/\/github\.com\/argsearch\/argsearch\/(?:blob|tree)\/main\/(.+)$/;

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

function relink(markdown, file, site) {
  return markdown.replace(LINKS, (whole, image, text, target) => {
    if (target === undefined) return whole;
    const inner = text.includes("](") ? relink(text, file, site) : text;
    const { path, anchor } = inRepository(target, file);
    if (path === undefined) return `${image}[${inner}](${target})`;
    if (image !== "" || site.known.has(path)) {
      if (image !== "") cpSync(join(root, path), join(site.folder, path));
      return `${image}[${inner}](${posix.relative(posix.dirname(file), path)}${anchor})`;
    }
    if (!existsSync(join(root, path))) throw new Failure(`${file}: ${target} leads nowhere`);
    return site.source === undefined ? inner : `[${inner}](${site.source(path)}${anchor})`;
  });
}

/** The file or folder that a link leads to, relative or by its address; no path for what is elsewhere, or in the same page. */
function inRepository(target, file) {
  const [address, anchor] = target.split(/(?=#)/);
  const named = REPOSITORY.exec(address)?.[1];
  if (address === "" || target.startsWith("#") || (named === undefined && /^[a-z]+:/.test(target))) return {};
  return { path: (named ?? posix.join(posix.dirname(file), address)).replace(/\/$/, ""), anchor: anchor ?? "" };
}
