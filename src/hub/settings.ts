/** What users of huggingface_hub have set for all its programs, by the environment: the same names mean the same here. */
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { invalid } from "../validate.js";
import type { HubLibrary } from "./library.js";

export interface HubSettings {
  /** Without a slash at its end. */
  endpoint: string;
  /** The folder that holds a folder for each repository. */
  cache: string;
  token: string | undefined;
  /** Nothing is asked for on the network. */
  offline: boolean;
  /** Milliseconds that the answer to a question may take. */
  askTimeout: number;
  /** Milliseconds that a download may stand still. */
  stallTimeout: number;
}

const ENDPOINT = "https://huggingface.co";

/** Seconds, as huggingface_hub has them. */
const TIMEOUT = 10;

/** @throws ArgsearchError OPTION_INVALID for an HF_ENDPOINT that is no address */
export async function hubSettings({ getHFHubCachePath }: HubLibrary): Promise<HubSettings> {
  const { env } = process;
  return {
    endpoint: endpointOf(env.HF_ENDPOINT),
    cache: resolve(withHome(getHFHubCachePath())),
    token: await tokenOf(env),
    offline: isOn(env.HF_HUB_OFFLINE) || isOn(env.TRANSFORMERS_OFFLINE),
    askTimeout: milliseconds(env.HF_HUB_ETAG_TIMEOUT),
    stallTimeout: milliseconds(env.HF_HUB_DOWNLOAD_TIMEOUT),
  };
}

function endpointOf(given: string | undefined): string {
  const endpoint = (given || ENDPOINT).replace(/\/+$/, "");
  if (URL.canParse(endpoint) && /^https?:/.test(endpoint)) return endpoint;
  throw invalid("HF_ENDPOINT", "an address that begins with http:// or https://", given);
}

/** The environment's, else what `hf auth login` has kept. */
async function tokenOf(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  if (isOn(env.HF_HUB_DISABLE_IMPLICIT_TOKEN)) return undefined;
  const named = cleanToken(env.HF_TOKEN) ?? cleanToken(env.HUGGING_FACE_HUB_TOKEN);
  if (named !== undefined) return named;
  const home = env.HF_HOME ?? join(env.XDG_CACHE_HOME ?? join("~", ".cache"), "huggingface");
  const path = resolve(withHome(env.HF_TOKEN_PATH ?? join(home, "token")));
  return cleanToken(await readFile(path, "utf8").catch(() => undefined));
}

/** Undefined for what no header can hold. */
function cleanToken(text: string | undefined): string | undefined {
  const token = text?.replace(/[\r\n]/g, "").trim();
  return token && /^[\x21-\x7e]+$/.test(token) ? token : undefined;
}

function withHome(path: string): string {
  return /^~(?=$|[/\\])/.test(path) ? join(homedir(), path.slice(1)) : path;
}

function isOn(value: string | undefined): boolean {
  return ["1", "ON", "YES", "TRUE"].includes((value ?? "").toUpperCase());
}

function milliseconds(seconds: string | undefined): number {
  const value = Number(seconds || TIMEOUT);
  return 1000 * (value > 0 && value < 1e6 ? value : TIMEOUT);
}
