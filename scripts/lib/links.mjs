// Links of the Markdown that ships: whoever reads it in node_modules, or on npm's page, has the package's files alone.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { npm, root } from "./run.mjs";

/** How a page that ships links to what does not. */
const REPOSITORY = "https://github.com/argsearch/argsearch/blob/main/";

/** Paths of what `npm pack` takes along, but for what a build has not made yet. */
export function packedFiles() {
  const listed = npm(["pack", "--dry-run", "--json", "--ignore-scripts"], { purpose: "npm pack lists the package's files" });
  const [{ files }] = Object.values(JSON.parse(listed)); // a list up to npm 11, then an object by name
  return files.map(({ path }) => path);
}

/** Links that lead nowhere, in words. `read` gives a file's text by its path in the package. */
export function linkFaults(files, read = (path) => readFileSync(join(root, path), "utf8")) {
  return files
    .filter((path) => path.endsWith(".md"))
    .flatMap((path) =>
      linksOf(read(path)).flatMap((link) => {
        const fault = faultOf(link, path, files, read);
        return fault === undefined ? [] : [`${path}: ${link} ${fault}`];
      }),
    );
}

function faultOf(link, from, files, read) {
  if (link.startsWith(REPOSITORY)) {
    const [path] = link.slice(REPOSITORY.length).split("#");
    return existsSync(join(root, path)) ? undefined : "names a file that the repository does not have";
  }
  if (/^[a-z][a-z+.-]*:/i.test(link)) return undefined;
  const [target = "", anchor] = link.split("#");
  const path = target === "" ? from : posix.join(dirname(from), decodeURI(target));
  const isFolder = files.some((file) => file.startsWith(`${path.replace(/\/$/, "")}/`));
  if (!files.includes(path) && !isFolder) return "is not in the package: ship it, or link to the repository";
  if (anchor === undefined || !path.endsWith(".md")) return undefined;
  return anchorsOf(read(path)).includes(anchor) ? undefined : `names a heading that ${path} does not have`;
}

/** Targets of inline links and images, and of reference definitions; what stands in code is none. */
export function linksOf(markdown) {
  const text = withoutFences(markdown).replace(/(`+)(?!`).*?[^`]\1(?!`)/g, "");
  const inline = [...text.matchAll(/\]\(<?([^\s)>]+)>?(?:\s+"[^"]*")?\)/g)];
  const definitions = [...text.matchAll(/^\[[^\]]+\]:\s+<?(\S+?)>?\s*$/gm)];
  const html = [...text.matchAll(/<(?:a|img)\b[^>]*?\b(?:href|src)="([^"]+)"/g)];
  return [...inline, ...definitions, ...html].map(([, target]) => target);
}

/** Headings as GitHub makes anchors of them: repeated ones are counted. */
function anchorsOf(markdown) {
  const seen = new Map();
  return [...withoutFences(markdown).matchAll(/^#{1,6} +(.+?) *$/gm)].map(([, heading]) => {
    const words = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const slug = words.replace(/[^\p{L}\p{N}\s_-]/gu, "").replace(/\s/g, "-");
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    return count === 0 ? slug : `${slug}-${count}`;
  });
}

function withoutFences(markdown) {
  return markdown.replace(/^ *(```+|~~~+)[\s\S]*?^ *\1 *$/gm, "");
}
