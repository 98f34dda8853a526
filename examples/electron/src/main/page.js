// The page's files, under an address of their own: file:// would give a page the whole disk.
import { readFile } from "node:fs/promises";
import { protocol } from "electron";

const SCHEME = "chat";
const ORIGIN = `${SCHEME}://page`;
const FOLDER = new URL("../page/", import.meta.url);

export const PAGE = `${ORIGIN}/index.html`;

/** @type {Record<string, string>} */
const TYPES = { html: "text/html", css: "text/css", js: "text/javascript" };

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join("; ");

/** @param {string | undefined} url */
export function isPage(url) {
  return url?.startsWith(`${ORIGIN}/`) === true;
}

/** Before the app is ready. */
export function registerScheme() {
  protocol.registerSchemesAsPrivileged([{ scheme: SCHEME, privileges: { standard: true, secure: true } }]);
}

/** Once it is. */
export function servePage() {
  protocol.handle(SCHEME, ({ url }) => respond(url));
}

/**
 * A file of the page's folder, which has no folders of its own.
 *
 * @param {string} url
 */
async function respond(url) {
  const [, name, ending] = /^\/([\w-]+\.(html|css|js))$/.exec(new URL(url).pathname) ?? [];
  const body = isPage(url) && name !== undefined && (await readFile(new URL(name, FOLDER)).catch(() => null));
  if (!body) return new Response("not found", { status: 404 });
  const headers = { "content-type": `${TYPES[ending]}; charset=utf-8`, "content-security-policy": POLICY };
  return new Response(body, { headers });
}
