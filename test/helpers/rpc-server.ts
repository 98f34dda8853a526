/** llama.cpp's rpc-server, built by `npm run rpc`, on a port of this machine's loopback or in a network namespace. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { probeRpcServer } from "../../src/engine/rpc-probe.js";

const root = join(import.meta.dirname, "../..");

/** Why nothing can be tested here; undefined after a build, which takes seconds the first time. */
export function rpcMissing(): string | undefined {
  if (process.platform !== "linux" && process.platform !== "darwin") return `npm run rpc builds nothing on ${process.platform}`;
  try {
    execFileSync(process.execPath, [join(root, "scripts/rpc.mjs")], { stdio: ["ignore", "ignore", "pipe"], timeout: 120_000 });
    return undefined;
  } catch (error) {
    // Where nobody would read a message it is a failure.
    if (process.env.CI) throw error;
    return (error as Error).message;
  }
}

export class RpcServer {
  readonly endpoint: string;
  readonly #namespace: string | undefined;
  #process: ChildProcess | undefined;

  private constructor(endpoint: string, namespace?: string) {
    this.endpoint = endpoint;
    this.#namespace = namespace;
  }

  static async start(host = "127.0.0.1", namespace?: string): Promise<RpcServer> {
    const server = new RpcServer(`${host}:${namespace === undefined ? await freePort() : 50_052}`, namespace);
    await server.restart();
    return server;
  }

  /** Resolves when it listens. */
  async restart(): Promise<void> {
    const [host, port] = this.endpoint.split(":") as [string, string];
    const command = [join(root, "build/rpc/rpc-server"), "--host", host, "--port", port, "--threads", "1"];
    const [program, ...args] = this.#namespace === undefined ? command : ["ip", "netns", "exec", this.#namespace, ...command];
    this.#process = spawn(program as string, args, { stdio: ["ignore", "pipe", "ignore"] });
    this.#process.stdout?.resume();
    await listening(this.#process, () => this.#isListening());
  }

  /** Without a connection where the server is in another namespace, which cannot be reached from here. */
  async #isListening(): Promise<boolean> {
    if (this.#namespace === undefined) return probeRpcServer(this.endpoint).then(Boolean, () => false);
    const sockets = execFileSync("ip", ["netns", "exec", this.#namespace, "cat", "/proc/net/tcp"], { encoding: "utf8" });
    const port = Number(this.endpoint.split(":")[1]).toString(16).toUpperCase();
    return sockets.split("\n").some((line) => line.includes(`:${port} 00000000:0000 0A`));
  }

  async kill(): Promise<void> {
    const running = this.#process;
    this.#process = undefined;
    if (running === undefined || hasEnded(running)) return;
    const gone = once(running, "exit");
    running.kill("SIGKILL");
    await gone;
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

/** Below those that systems give to outgoing connections, one of which may take it before the server does. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 15_000 + Math.floor(15_000 * Math.random());
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => {
      server.once("error", () => resolve(false)).listen(port, "127.0.0.1", () => resolve(true));
    });
    await new Promise((resolve) => server.close(resolve));
    if (free) return port;
  }
}

async function listening(server: ChildProcess, isListening: () => Promise<boolean>): Promise<void> {
  for (let left = 200; !(await isListening()); left--) {
    if (hasEnded(server)) throw new Error(`rpc-server ended with ${server.signalCode ?? server.exitCode}`);
    if (left === 0) throw new Error("rpc-server does not listen");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
