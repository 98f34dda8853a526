/** The playground's files, as they were built. */
import { readdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { packageFile } from "../package-root.js";

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".woff2": "font/woff2",
};

/** Nothing from elsewhere, nothing inline, no frame around it. */
const POLICY = "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";

/** The page's files by their path; empty where the package was built without it. */
export type Page = ReadonlyMap<string, { body: Uint8Array<ArrayBuffer>; headers: Record<string, string> }>;

export async function readPage(folder = packageFile("dist", "playground")): Promise<Page> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const files = names.filter((name) => extname(name) in TYPES).map((name) => name.replaceAll("\\", "/"));
  const entries = files.map(async (name) => {
    const path = name === "index.html" ? "/" : `/${name}`;
    const cached = path === "/" ? "no-cache" : "public, max-age=31536000, immutable";
    const headers = {
      "content-type": TYPES[extname(name)] ?? "",
      "cache-control": cached,
      "content-security-policy": POLICY,
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
    };
    return [path, { body: new Uint8Array(await readFile(join(folder, name))), headers }] as const;
  });
  return new Map(await Promise.all(entries));
}
