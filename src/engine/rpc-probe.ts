/**
 * Asks a server of llama.cpp's RPC backend who it is, before the engine does, which ends the process where there is none and waits without
 * end for one that has another client. The protocol: ggml/src/ggml-rpc/ggml-rpc.cpp.
 */
import { connect, type Socket } from "node:net";
import { ArgsearchError } from "../errors.js";
import { abortedError, onAbort, throwIfAborted } from "./abort.js";

export interface RpcServer {
  /** "host:port". */
  endpoint: string;
  /** Of its protocol: major, minor, patch. */
  version: readonly number[];
  /** Bytes of each of its devices; 0 where it does not say. */
  devices: readonly { memoryFree: number; memoryTotal: number }[];
}

const COMMAND = { deviceMemory: 11, hello: 14, deviceCount: 15 } as const;
/** What a connection may be upgraded to: nothing. */
const CAPABILITIES = Buffer.alloc(24);
const HELLO_BYTES = 4 + CAPABILITIES.length;

const LIMIT_MS = 5000;

/** @throws ArgsearchError DEVICE_UNAVAILABLE where nobody answers in 5 s, ENGINE_INCOMPATIBLE for what speaks another protocol; ABORTED */
export async function probeRpcServer(endpoint: string, signal?: AbortSignal, limitMs: number = LIMIT_MS): Promise<RpcServer> {
  throwIfAborted(signal);
  const [host, port] = [endpoint.slice(0, endpoint.lastIndexOf(":")), Number(endpoint.slice(endpoint.lastIndexOf(":") + 1))];
  const socket = connect({ host, port, family: 4, noDelay: true });
  const line = new Line(socket);
  const limit = setTimeout(
    () => socket.destroy(line.connected ? busy(endpoint, limitMs) : absent(endpoint, `no answer within ${limitMs / 1000} s`)),
    limitMs,
  );
  const forget = onAbort([signal], () => socket.destroy(abortedError(signal as AbortSignal)));
  try {
    const hello = await line.ask(COMMAND.hello, CAPABILITIES, HELLO_BYTES);
    const version = [...hello.subarray(0, 3)];
    const count = (await line.ask(COMMAND.deviceCount, Buffer.alloc(0), 4)).readUInt32LE();
    const devices: { memoryFree: number; memoryTotal: number }[] = [];
    for (let device = 0; device < count; device++) {
      const which = Buffer.alloc(4);
      which.writeUInt32LE(device);
      const memory = await line.ask(COMMAND.deviceMemory, which, 16);
      devices.push({ memoryFree: Number(memory.readBigUInt64LE()), memoryTotal: Number(memory.readBigUInt64LE(8)) });
    }
    return { endpoint, version, devices };
  } catch (error) {
    if (error instanceof ArgsearchError) throw error;
    throw line.connected ? otherProtocol(endpoint, error) : absent(endpoint, (error as Error).message, error);
  } finally {
    clearTimeout(limit);
    forget();
    socket.destroy();
  }
}

/** Questions and answers, each with its length before it. */
class Line {
  readonly #socket: Socket;
  readonly #failed: Promise<never>;
  connected = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.once("connect", () => {
      this.connected = true;
    });
    this.#failed = new Promise((_, reject) => {
      socket.once("error", reject);
      socket.once("close", () => reject(new Error("it closed the connection")));
    });
    this.#failed.catch(() => {});
  }

  async ask(command: number, body: Buffer, length: number): Promise<Buffer> {
    const head = Buffer.alloc(9);
    head.writeUInt8(command);
    head.writeBigUInt64LE(BigInt(body.length), 1);
    this.#socket.write(Buffer.concat([head, body]));
    const found = (await this.#read(8)).readBigUInt64LE();
    if (found !== BigInt(length)) throw new Error(`an answer of ${found} bytes in place of ${length}`);
    return this.#read(length);
  }

  async #read(bytes: number): Promise<Buffer> {
    for (;;) {
      const found = this.#socket.read(bytes) as Buffer | null;
      if (found !== null) return found;
      await Promise.race([new Promise((resolve) => this.#socket.once("readable", resolve)), this.#failed]);
    }
  }
}

function absent(endpoint: string, why: string, cause?: unknown): ArgsearchError {
  const start = "Start it there (build/rpc/rpc-server of `npm run rpc`), or leave rpc out";
  return new ArgsearchError("DEVICE_UNAVAILABLE", `rpc: no RPC server at ${endpoint}: ${why}. ${start}`, { option: "rpc", cause });
}

function busy(endpoint: string, limitMs: number): ArgsearchError {
  const message = `rpc: ${endpoint} took the connection and said nothing for ${limitMs / 1000} s. An RPC server has one client at a time: another may have it`;
  return new ArgsearchError("DEVICE_UNAVAILABLE", message, { option: "rpc" });
}

function otherProtocol(endpoint: string, cause: unknown): ArgsearchError {
  const message = `rpc: what listens at ${endpoint} is no RPC server of this llama.cpp (${(cause as Error).message}). Both ends must be of one release`;
  return new ArgsearchError("ENGINE_INCOMPATIBLE", message, { option: "rpc", cause });
}
