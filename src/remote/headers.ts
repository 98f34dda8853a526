import { ArgsearchError } from "../errors.js";
import { packageManifest } from "../package-root.js";

/**
 * Headers of a request in JSON.
 *
 * @param key null for a server that asks for none
 * @param origin what gave the key, for messages
 * @throws ArgsearchError OPTION_INVALID for what no header can hold
 */
export function jsonHeaders(key: string | null, origin: string): Headers {
  const headers = new Headers({
    accept: "application/json",
    "content-type": "application/json",
    "user-agent": `argsearch/${packageManifest().version}`,
  });
  if (key !== null) setHeader(headers, "authorization", `Bearer ${key}`, origin);
  return headers;
}

/** The value may be secret: it is not shown. @throws ArgsearchError OPTION_INVALID */
export function setHeader(headers: Headers, name: string, value: string, origin: string): void {
  try {
    headers.set(name, value);
  } catch {
    throw new ArgsearchError("OPTION_INVALID", `${origin} must be letters, digits and signs of ASCII: no HTTP header can hold it`);
  }
}
