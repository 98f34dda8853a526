/** Links of the built site that lead nowhere. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/**
 * @returns one line a broken link: the page, the link, what is missing
 */
export function brokenLinks(site) {
  const pages = readdirSync(site, { recursive: true }).filter((name) => name.endsWith(".html"));
  const anchors = new Map(pages.map((page) => [join(site, page), anchorsOf(readFileSync(join(site, page), "utf8"))]));
  return pages.flatMap((page) => {
    const file = join(site, page);
    const links = new Set(linksOf(readFileSync(file, "utf8")));
    return [...links].flatMap((link) => {
      const fault = faultOf(file, link, site, anchors);
      return fault === undefined ? [] : [`${page}: ${link}: ${fault}`];
    });
  });
}

function linksOf(html) {
  return [...html.matchAll(/<(?:a|img|link|script)\b[^>]*?\s(?:href|src)="([^"]*)"/g)].map(([, link]) => link.replaceAll("&amp;", "&"));
}

function anchorsOf(html) {
  return new Set([...html.matchAll(/\s(?:id|name)="([^"]+)"/g)].map(([, name]) => name));
}

function faultOf(file, link, site, anchors) {
  if (/^(?:https?|mailto|data):/.test(link)) return undefined;
  const [path, anchor] = link.replace(/\?[^#]*/, "").split("#");
  const target = path === "" ? file : join(dirname(file), decodeURIComponent(path));
  if (relative(site, target).startsWith("..")) return "outside the site";
  if (!existsSync(target) || statSync(target).isDirectory()) return "no such page";
  if (!anchor || !target.endsWith(".html")) return undefined;
  return anchors.get(target).has(decodeURIComponent(anchor)) ? undefined : "no such heading";
}
