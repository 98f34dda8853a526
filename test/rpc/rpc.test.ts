/** Models on servers of llama.cpp's RPC backend: the numbers of this machine, and an error for whatever goes wrong with a server. */
import { createServer, type Server } from "node:net";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { evaluate } from "../../src/evaluate/index.js";
import { type GenerateOptions, type LoadOptions, load, loadReward, tryDevices } from "../../src/index.js";
import { ALL_BYTES } from "../helpers/byte-vocabulary.js";
import { modelFolder } from "../helpers/model-folder.js";
import { freePort, RpcServer, rpcMissing } from "../helpers/rpc-server.js";

const SHAPE = { vocabulary: ALL_BYTES, layers: 2, embedding: 32, heads: 2, kvHeads: 1, feedForward: 64, contextLength: 512 };
const { policy, reward } = modelFolder().writePair(301, SHAPE, SHAPE);
const MODELS = { policy: policy.path, reward: reward.path, gpu: false, threads: 1 } as const satisfies LoadOptions;
const DECODING = { template: "none", topK: 5, weight: 0.5, maxTokens: 24, ending: "never", seed: 3 } as const satisfies GenerateOptions;

const missing = rpcMissing();
if (missing !== undefined) console.warn(`RPC is not tested: ${missing}`);

const servers: RpcServer[] = [];
afterAll(() => Promise.all(servers.map((server) => server.kill())));

async function startServer(): Promise<RpcServer> {
  const server = await RpcServer.start();
  servers.push(server);
  return server;
}

async function decoded(options: LoadOptions) {
  await using decoder = await load(options);
  const { tokens, rewards } = await decoder.generate("the cat", DECODING);
  return { tokens, rewards };
}

const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => expect.unreachable("it did not fail"),
    (error: unknown) => error,
  );

describe.skipIf(missing !== undefined)("an RPC server", () => {
  it.each<[what: string, placement: (endpoint: string) => LoadOptions]>([
    ["the reward model there, the policy here", (rpc) => ({ rpc, rewardDevice: "RPC0", policyDevice: "CPU" })],
    ["the policy there, the reward model here", (rpc) => ({ rpc, rewardDevice: "CPU", policyDevice: "RPC0" })],
    ["both there, as nothing else is said", (rpc) => ({ rpc })],
    ["both there, in this process", (rpc) => ({ rpc: [rpc], isolate: false })],
  ])("%s: the tokens and rewards of this machine", async (_, placement) => {
    const server = await startServer();
    const local = await decoded(MODELS);
    const remote = await decoded({ ...MODELS, ...placement(server.endpoint) });
    expect(remote.tokens).toEqual(local.tokens);
    for (const [at, value] of remote.rewards.entries()) expect(value).toBeCloseTo(local.rewards[at] as number, 5);
  });

  it("does compute: without the server there is no reward", async () => {
    const server = await startServer();
    await using model = await loadReward({ reward: reward.path, gpu: false, rpc: server.endpoint, rewardDevice: "RPC0" });
    const { reward: before } = await model.score({ prompt: "a", response: "b" });
    expect(before).toEqual(expect.any(Number));
    await server.kill();
    expect(await failure(model.score({ prompt: "a", response: "b" }))).toMatchObject({
      code: "ENGINE_DIED",
      message: expect.stringMatching(/RPC server/),
    });
  });

  it("that is killed in the middle is ENGINE_DIED; while it is away DEVICE_UNAVAILABLE; then the next call works", async () => {
    const server = await startServer();
    await using decoder = await load({ ...MODELS, rpc: server.endpoint, rewardDevice: "RPC0", policyDevice: "CPU" });
    const expected = await decoder.generate("the cat", DECODING);
    const stream = decoder.stream("the cat", { ...DECODING, maxTokens: 400 });
    await stream.next();
    await server.kill();
    expect(await failure(stream.result)).toMatchObject({ code: "ENGINE_DIED", message: expect.stringMatching(/RPC server/) });
    expect(await failure(decoder.generate("the cat", DECODING))).toMatchObject({ code: "DEVICE_UNAVAILABLE", option: "rpc" });
    await server.restart();
    expect((await decoder.generate("the cat", DECODING)).tokens).toEqual(expected.tokens);
  });

  it("with a client already says so within its time, and serves the next when that one has gone", async () => {
    const server = await startServer();
    const first = await load({ ...MODELS, rpc: server.endpoint });
    expect(await failure(load({ ...MODELS, rpc: server.endpoint }))).toMatchObject({
      code: "DEVICE_UNAVAILABLE",
      message: expect.stringMatching(/one client at a time/),
    });
    await first.dispose();
    expect((await decoded({ ...MODELS, rpc: server.endpoint })).tokens).toHaveLength(DECODING.maxTokens);
  });

  it("whose device is called otherwise: the message lists what there is", async () => {
    const server = await startServer();
    expect(await failure(load({ ...MODELS, rpc: server.endpoint, rewardDevice: "RPC1" }))).toMatchObject({
      code: "DEVICE_UNAVAILABLE",
      option: "rewardDevice",
      message: expect.stringContaining(`RPC0 (RPC, ${server.endpoint})`),
    });
  });

  it("is listed with its memory, behind this machine's own", async () => {
    const server = await startServer();
    const found = await tryDevices({ rpc: server.endpoint });
    expect(found.at(-1)).toMatchObject({ name: "RPC0", backend: "RPC", description: server.endpoint, memoryTotal: expect.any(Number) });
    expect(found.at(-1)?.memoryTotal).toBeGreaterThan(2 ** 20);
  });

  it("serves an evaluation, baselines among its methods", async () => {
    const server = await startServer();
    const options = { ...MODELS, data: ["the cat", "a dog", "one"], methods: ["greedy", "args-greedy"], maxTokens: 6, slots: 2 } as const;
    const { comparisons: _, settings: __, ...local } = await evaluate({ ...options, template: "none" });
    const { methods } = await evaluate({ ...options, template: "none", rpc: server.endpoint });
    for (const name of ["greedy", "args-greedy"])
      expect(methods[name]?.reward?.mean).toBeCloseTo(local.methods[name]?.reward?.mean ?? 0, 5);
  });

  it("leaves models that were not meant for it alone", async () => {
    const server = await startServer();
    const remote = await load({ ...MODELS, rpc: server.endpoint, isolate: false });
    await using local = await load({ ...MODELS, gpu: "auto" });
    await remote.dispose();
    await server.kill();
    expect((await local.generate("the cat", DECODING)).tokens).toHaveLength(DECODING.maxTokens);
    expect(await failure(load({ ...MODELS, rpc: server.endpoint, isolate: false }))).toMatchObject({ code: "DEVICE_UNAVAILABLE" });
  });
});

describe("what is no RPC server", () => {
  const open: Server[] = [];
  afterEach(() => {
    for (const server of open.splice(0)) server.close();
  });

  it.skipIf(missing !== undefined)("nobody listens: DEVICE_UNAVAILABLE before a model is loaded", async () => {
    const port = await freePort();
    const load1 = load({ ...MODELS, policy: "no-such-file.gguf", rpc: `127.0.0.1:${port}` });
    expect(await failure(load1)).toMatchObject({
      code: "DEVICE_UNAVAILABLE",
      option: "rpc",
      message: expect.stringMatching(/ECONNREFUSED/),
    });
  });

  it.skipIf(missing !== undefined).each<[what: string, answer: Buffer | null]>([
    ["closes the connection", null],
    ["speaks another protocol", Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n")],
  ])("what %s: ENGINE_INCOMPATIBLE", async (_, answer) => {
    const server = createServer((socket) => (answer === null ? socket.destroy() : socket.end(answer))).listen(0, "127.0.0.1");
    open.push(server);
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as { port: number };
    expect(await failure(load({ ...MODELS, rpc: `127.0.0.1:${port}` }))).toMatchObject({ code: "ENGINE_INCOMPATIBLE", option: "rpc" });
  });

  it.skipIf(missing !== undefined)("another version's handshake: ENGINE_INCOMPATIBLE", async () => {
    const answer = Buffer.alloc(8 + 28);
    answer.writeBigUInt64LE(28n);
    answer.writeUInt8(5, 8);
    const count = Buffer.alloc(8 + 4);
    count.writeBigUInt64LE(4n);
    const server = createServer((socket) => {
      let answered = 0;
      socket.on("data", () => socket.write(answered++ === 0 ? answer : count)).on("error", () => {});
    }).listen(0, "127.0.0.1");
    open.push(server);
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as { port: number };
    expect(await failure(load({ ...MODELS, rpc: `127.0.0.1:${port}` }))).toMatchObject({
      code: "ENGINE_INCOMPATIBLE",
      message: expect.stringMatching(/5\.0\.0/),
    });
  });

  it.each([["localhost"], ["[::1]:50052"], ["http://host:1"], ["host:0"], ["host:65536"], [""], [["a:1", 5]]])(
    "%j: OPTION_INVALID",
    async (rpc) => {
      expect(await failure(load({ ...MODELS, rpc: rpc as string }))).toMatchObject({ code: "OPTION_INVALID", option: "rpc" });
    },
  );
});
