/** What a request has to pass before anything is done for it. */
import { createHash, timingSafeEqual } from "node:crypto";
import { isIP } from "node:net";
import { HttpError } from "./errors.js";

/** An address that this machine alone can reach. */
export function isLocal(host: string): boolean {
  return /^(127\.|::1$|localhost$)/.test(host);
}

/** As long to compare for any key. @throws HttpError 401 */
export function requireKey(headers: Headers, keys: readonly string[]): void {
  if (keys.length === 0) return;
  const given = /^bearer +(.+)$/i.exec(headers.get("authorization") ?? "")?.[1] ?? headers.get("x-api-key") ?? "";
  const digest = digestOf(given);
  const matching = keys.filter((key) => timingSafeEqual(digestOf(key), digest));
  if (matching.length > 0) return;
  const message =
    given === "" ? "this server needs an API key, as header authorization: Bearer KEY" : "the API key is not one of this server's";
  throw new HttpError({ status: 401, code: "UNAUTHORIZED", message, headers: { "www-authenticate": "Bearer" } });
}

function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/**
 * A page of another site can have its own name resolve to this machine, and its scripts then ask here as if they were ours. Their Host header gives them away:
 * it is a name, and not localhost.
 *
 * @throws HttpError 403
 */
export function requireHost(host: string | null, allowed: readonly string[]): void {
  if (host === null) return;
  const name = host
    .replace(/:\d+$/, "")
    .replace(/^\[(.*)\]$/, "$1")
    .toLowerCase();
  if (name === "localhost" || name.endsWith(".localhost") || isIP(name) !== 0 || allowed.includes(name)) return;
  const message = `requests for host ${JSON.stringify(name.slice(0, 100))} are not answered here: start with --allow-host ${name.slice(0, 100)}, or with an API key`;
  throw new HttpError({ status: 403, code: "HOST_NOT_ALLOWED", message });
}
