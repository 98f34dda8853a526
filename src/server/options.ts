/** Options of a server: defaults and validation. */
import type { Decoder } from "../decode/decoder.js";
import { boolean, checkNames, given, integer, invalid, type Names, nonEmptyText } from "../validate.js";

export interface ServerOptions {
  /** What answers: a decoder, or the promise of one, until whose loading all but /health is answered by 503. It stays its owner's to dispose of. */
  decoder: Decoder | Promise<Decoder>;
  /** The policy's name in answers and in /v1/models; default: its file's, without .gguf. */
  model?: string | undefined;
  /** Other names that requests may ask for it by. */
  aliases?: readonly string[] | undefined;
  /** What requests have to carry, as `authorization: Bearer` or `x-api-key`: one of these; default: nothing. /health and the page are free. */
  apiKey?: string | readonly string[] | undefined;
  /** Origins whose pages may ask ("*": all); default none: browsers then keep other pages' scripts away. */
  cors?: string | readonly string[] | undefined;
  /** Names under which it may be asked for beside localhost and addresses, where it listens on this machine alone and without a key; see docs/serving.md. */
  allowedHosts?: readonly string[] | undefined;
  /** Most bytes of a request, from 1; default 8 MiB. */
  bodyLimit?: number | undefined;
  /** Most milliseconds of a request, 0 for no limit; default 600000. */
  requestTimeout?: number | undefined;
  /** Milliseconds of silence after which a stream sends a comment, from 10; default 10000. */
  pingInterval?: number | undefined;
  /** The page at /; default true. */
  playground?: boolean | undefined;
  /** Told of what is no fault of a request, and of nothing else; default: console.error. */
  onError?: ((error: unknown) => void) | undefined;
}

/** Where to listen. */
export interface ListenOptions {
  /** 0 to 65535, 0 for a free one; default 8080. */
  port?: number | undefined;
  /** Default "127.0.0.1": this machine alone. */
  host?: string | undefined;
}

export interface ResolvedServer {
  decoder: Promise<Decoder>;
  model: string | undefined;
  aliases: readonly string[];
  keys: readonly string[];
  origins: readonly string[];
  allowedHosts: readonly string[];
  bodyLimit: number;
  requestTimeout: number;
  pingInterval: number;
  playground: boolean;
  onError: (error: unknown) => void;
}

const SERVER: Names<ServerOptions> = {
  decoder: true,
  model: true,
  aliases: true,
  apiKey: true,
  cors: true,
  allowedHosts: true,
  bodyLimit: true,
  requestTimeout: true,
  pingInterval: true,
  playground: true,
  onError: true,
};
const LISTEN: Names<ListenOptions> = { port: true, host: true };

/** @throws ArgsearchError OPTION_INVALID */
export function resolveServer(options: ServerOptions): ResolvedServer {
  checkNames("createServer()", options, SERVER);
  const { decoder } = options;
  if (typeof decoder !== "object" || decoder === null)
    throw invalid("decoder", "a Decoder or a promise of one, as load() gives it", decoder);
  const ms = { min: 0, max: 2 ** 31 - 1, note: "milliseconds" };
  return {
    decoder: Promise.resolve(decoder),
    model: given(options.model, undefined, (value) => nonEmptyText("model", value)),
    aliases: textsOf("aliases", options.aliases),
    keys: textsOf("apiKey", options.apiKey),
    origins: textsOf("cors", options.cors),
    allowedHosts: textsOf("allowedHosts", options.allowedHosts),
    bodyLimit: given(options.bodyLimit, 8 * 2 ** 20, (value) => integer("bodyLimit", value, { min: 1, max: 2 ** 31 - 1, note: "bytes" })),
    requestTimeout: given(options.requestTimeout, 600_000, (value) => integer("requestTimeout", value, ms)),
    pingInterval: given(options.pingInterval, 10_000, (value) => integer("pingInterval", value, { ...ms, min: 10 })),
    playground: given(options.playground, true, (value) => boolean("playground", value)),
    onError: options.onError ?? ((error) => console.error(error)),
  };
}

/** @throws ArgsearchError OPTION_INVALID */
export function resolveListen(options: ListenOptions = {}): { port: number; host: string } {
  checkNames("listen()", options, LISTEN);
  return {
    port: given(options.port, 8080, (value) => integer("port", value, { min: 0, max: 65535 })),
    host: given(options.host, "127.0.0.1", (value) => nonEmptyText("host", value)),
  };
}

function textsOf(name: string, value: string | readonly string[] | undefined): readonly string[] {
  if (value === undefined) return [];
  return [value].flat().map((each, index) => nonEmptyText(typeof value === "string" ? name : `${name}[${index}]`, each));
}
