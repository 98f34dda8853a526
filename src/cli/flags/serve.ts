/** Flags of the commands that serve, and what they stand for. */
import type { Command } from "commander";
import { SETTING_NAMES } from "../../decode/settings.js";
import { type DecodingSettings, EMBEDDED, type LoadOptions, readSettings } from "../../index.js";
import type { ServerOptions } from "../../server/index.js";
import { addAskFlags } from "./ask.js";
import {
  addIsolateFlag,
  addModelFlags,
  addPolicyFlag,
  addRewardFlags,
  addSettingFlags,
  type DecodingFlags,
  generateOptions,
  type LoadFlags,
  loadOptions,
} from "./flags.js";
import { addRemotePolicyFlags, addRemoteRewardFlags } from "./remote.js";
import { addSamplerFlags } from "./samplers.js";
import { addPolicyTemplateFlag } from "./templates.js";
import { integer, list, milliseconds, number } from "./values.js";

export interface ServeFlags extends LoadFlags, DecodingFlags {
  port: number;
  host: string;
  slots: number;
  name?: string;
  alias?: string[];
  apiKey?: string[];
  cors?: string[];
  allowHost?: string[];
  queue?: number;
  queueTimeout?: number;
  requestTimeout?: number;
  drainTimeout: number;
  playground: boolean;
}

/** Where keys come from that are not to be seen in a list of processes. */
const KEYS = "ARGSEARCH_API_KEY";

/** `port` is the default. */
export function addServeFlags(command: Command, port: number): void {
  command
    .option("--port <n>", `where to listen, 0 for a free port (default: ${port === 0 ? "a free one" : port})`, integer, port)
    .option("--host <address>", "which address to listen on; 0.0.0.0 for all (default: this machine alone)", "127.0.0.1")
    .option("--slots <n>", "answers decoded at once, each with memory for --context tokens (default: 4)", integer, 4)
    .option("--api-key <key>", `what requests must carry; repeatable (default: ${KEYS}, comma-separated, else none)`, list)
    .option("--cors <origin>", 'origin whose pages may ask, "*" for all; repeatable (default: none)', list)
    .option("--allow-host <name>", "name beside localhost that it may be asked for by without a key; repeatable", list)
    .option("--name <model>", "the policy's name in requests and answers (default: its file's)")
    .option("--alias <model>", "another name for it; repeatable", list)
    .option("--queue <n>", "answers that may wait for a slot; more get 429 (default: 64)", integer)
    .option("--queue-timeout <seconds>", "longest wait for a slot (default: none)", number)
    .option("--request-timeout <seconds>", "longest request, 0 for no limit (default: 600)", number)
    .option("--drain-timeout <seconds>", "on SIGTERM and Ctrl-C: for the requests under way (default: 30)", number, 30)
    .option("--no-playground", "no page at /");
  addPolicyFlag(command);
  addRewardFlags(command);
  addRemotePolicyFlags(command);
  addRemoteRewardFlags(command);
  addAskFlags(command);
  addPolicyTemplateFlag(command);
  addSettingFlags(command, "Decoding, where a request does not say otherwise:");
  addSamplerFlags(command);
  addModelFlags(command);
  addIsolateFlag(command);
}

/** @throws ArgsearchError as readSettings() */
export async function serveLoadOptions(flags: ServeFlags): Promise<LoadOptions> {
  const { slots, queue: max, queueTimeout } = flags;
  const options = loadOptions(flags);
  const named = Object.entries(generateOptions(flags)).filter(
    ([name, value]) => SETTING_NAMES.includes(name as never) && value !== undefined,
  );
  const filed = flags.settings === undefined ? {} : await readSettings(flags.settings, modelsOf(options));
  const settings: DecodingSettings = { ...filed, ...Object.fromEntries(named) };
  return { ...options, slots, settings, queue: { max, timeout: milliseconds(queueTimeout) } };
}

function modelsOf({ policy, reward }: LoadOptions): Parameters<typeof readSettings>[1] {
  const embedded = policy === undefined && reward === undefined;
  return { policy: typeof policy === "string" ? policy : EMBEDDED.policy, reward: reward ?? (embedded ? EMBEDDED.reward : null) };
}

export function serverOptions(flags: ServeFlags): Omit<ServerOptions, "decoder" | "apiKey"> & { apiKey: string[] } {
  const { name, alias, apiKey, cors, allowHost, requestTimeout, playground } = flags;
  const keys = apiKey ?? (process.env[KEYS] ?? "").split(",").filter((key) => key !== "");
  return {
    model: name,
    aliases: alias,
    apiKey: keys,
    cors,
    allowedHosts: allowHost,
    requestTimeout: milliseconds(requestTimeout),
    playground,
  };
}
