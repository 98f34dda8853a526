/** How servers are asked: defaults and validation. */
import { ArgsearchError } from "../errors.js";
import type { RemoteServer } from "../types.js";
import { given, integer, invalid, type Names, nonEmptyText, plainObject } from "../validate.js";

export interface ResolvedServer {
  /** What it is, for messages: "the reward server". */
  what: string;
  url: URL;
  key: string | null;
  /** Option that the key is, for messages. */
  keyOption: string;
  timeout: number;
  retries: number;
  specialTokens: Readonly<Record<string, string>> | undefined;
}

/** The names of RemoteServer. */
export const SERVER: Names<RemoteServer> = { url: true, apiKey: true, timeout: true, retries: true, specialTokens: true };

export interface ServerRole {
  /** Of the options: "reward[0]". */
  name: string;
  what: string;
  /** Environment variable of the key. */
  variable: string;
}

/** @throws ArgsearchError OPTION_INVALID, without the values of `url` and `apiKey`, which may be secret */
export function resolveServer(options: RemoteServer, { name, what, variable }: ServerRole): ResolvedServer {
  const { apiKey, timeout, retries, specialTokens } = options;
  return {
    what,
    url: urlOf(`${name}.url`, options.url),
    key: given(apiKey, process.env[variable], (value) => textOf(`${name}.apiKey`, value)) || null,
    keyOption: `${name}.apiKey, or ${variable},`,
    timeout: given(timeout, 60_000, (value) => integer(`${name}.timeout`, value, { min: 1, max: 2 ** 31 - 1, note: "milliseconds" })),
    retries: given(retries, 5, (value) => integer(`${name}.retries`, value, { min: 0, max: 20 })),
    specialTokens: given(specialTokens, undefined, (value) => textsOf(`${name}.specialTokens`, value)),
  };
}

function urlOf(name: string, value: unknown): URL {
  const url = typeof value === "string" && URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) throw refused(name, "a URL as http://localhost:8000");
  if (url.username !== "" || url.password !== "") throw refused(name, "a URL without a user name and password: give the key as apiKey");
  return url;
}

function refused(name: string, expected: string): ArgsearchError {
  return new ArgsearchError("OPTION_INVALID", `${name} must be ${expected}`, { option: name });
}

function textOf(name: string, value: unknown): string {
  if (typeof value === "string") return value;
  throw refused(name, "a text");
}

function textsOf(name: string, value: unknown): Readonly<Record<string, string>> {
  for (const [key, text] of Object.entries(plainObject(name, value)))
    if (typeof text !== "string") throw invalid(`${name}.${key}`, "a text", text);
  return value as Readonly<Record<string, string>>;
}

/** A template that writes special tokens is given them: an empty text in their place would be another conversation. @throws ArgsearchError OPTION_INVALID */
export function requireTokens(template: string, tokens: Readonly<Record<string, string>>, option: string): void {
  const missing = ["bos_token", "eos_token"].find((name) => new RegExp(`\\b${name}\\b`).test(template) && tokens[name] === undefined);
  if (missing === undefined) return;
  throw new ArgsearchError("OPTION_INVALID", `the chat template asks for ${missing}: give it as ${option}.specialTokens.${missing}`, {
    option: `${option}.specialTokens`,
  });
}

/** An address below the server's base, which may end in /v1 or not. */
export function addressOf(base: URL, path: string): URL {
  const url = new URL(base);
  const root = url.pathname.replace(/\/+$/, "").replace(/\/v1$/, "");
  url.pathname = `${root}${path}`;
  return url;
}

/** Without what may be secret. */
export function shownUrl({ origin, pathname }: URL): string {
  return `${origin}${pathname}`;
}

/** Of a server's model, where nothing better names it. */
export function hostOf({ host }: URL): string {
  return nonEmptyText("url", host);
}
