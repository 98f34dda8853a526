/** The reward model on another machine, as far as network namespaces are machines. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ALL_BYTES } from "../helpers/byte-vocabulary.js";
import { modelFolder } from "../helpers/model-folder.js";
import { RpcServer, rpcMissing } from "../helpers/rpc-server.js";
import { script } from "../project/scripts.js";

interface Machine {
  name: string;
  address: string;
}

const { namespacesMissing, makeNamespaces, onMachine } = await script<{
  namespacesMissing(): string | undefined;
  makeNamespaces(count: number): { machines: Machine[]; close(): void };
  onMachine(machine: Machine, command: string[]): string[];
}>("lib/namespaces.mjs");

const missing = namespacesMissing() ?? rpcMissing();
if (missing !== undefined) console.warn(`RPC between machines is not tested: ${missing}`);

const SHAPE = { vocabulary: ALL_BYTES, layers: 2, embedding: 32, heads: 2, kvHeads: 1, feedForward: 64, contextLength: 512 };
const { policy, reward } = modelFolder().writePair(302, SHAPE, SHAPE);
const CLI = join(import.meta.dirname, "../../dist/cli.js");
const ARGS = ["generate", "the cat", "--policy", policy.path, "--reward", reward.path, "--gpu", "off", "--threads", "1"];
const DECODING = ["--template", "none", "--ending", "never", "--max-tokens", "16", "-w", "0.5", "--json"];

describe.skipIf(missing !== undefined)("between two machines", () => {
  let network: ReturnType<typeof makeNamespaces>;
  let server: RpcServer;
  beforeAll(async () => {
    network = makeNamespaces(2);
    server = await RpcServer.start(network.machines[1]?.address, network.machines[1]?.name);
  });
  afterAll(async () => {
    await server?.kill();
    network?.close();
  });

  /** On the first machine. */
  const generate = (...more: string[]): { tokens: unknown } => {
    const [program, ...args] = onMachine(network.machines[0] as Machine, [process.execPath, CLI, ...ARGS, ...DECODING, ...more]) as [
      string,
    ];
    return JSON.parse(execFileSync(program, args, { encoding: "utf8" }));
  };

  it("the tokens are those of one machine", () => {
    const remote = generate("--rpc", server.endpoint, "--reward-device", "RPC0", "--policy-device", "CPU");
    expect(remote.tokens).toEqual(generate().tokens);
  });
});
