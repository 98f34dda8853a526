/** What an isolated engine's process dies of is an error of the calls in flight, and of those alone. */
import type { ChildProcess, fork as realFork } from "node:child_process";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import { type Decoder, type GenerateOptions, type LoadOptions, load, loadReward, type RewardFunction } from "../../src/index.js";
import { ALL_BYTES } from "../helpers/byte-vocabulary.js";
import { modelFolder } from "../helpers/model-folder.js";

const children: ChildProcess[] = [];

vi.mock("node:child_process", async (original) => {
  const real = await original<{ fork: typeof realFork }>();
  const fork = (...args: Parameters<typeof realFork>): ChildProcess => {
    const child = real.fork(...args);
    children.push(child);
    return child;
  };
  return { ...real, fork };
});

const SHAPE = { vocabulary: ALL_BYTES, layers: 2, embedding: 32, heads: 2, kvHeads: 1, feedForward: 64, contextLength: 1024 };
const { policy, reward } = modelFolder().writePair(91, SHAPE, SHAPE);
const OPTIONS = { policy: policy.path, reward: reward.path, gpu: false, threads: 1, isolate: true } as const;
const ENDLESS = { template: "none", topK: 3, maxTokens: 1_000_000, ending: "never", seed: 1 } as const satisfies GenerateOptions;
const SHORT = { ...ENDLESS, maxTokens: 4 } as const;

const open: Decoder[] = [];
afterAll(() => Promise.all(open.map((decoder) => decoder.dispose())));

/** A decoder with the child that was started for it last. */
async function isolated(options: LoadOptions = {}): Promise<{ decoder: Decoder; child: () => ChildProcess }> {
  const decoder = await load({ ...OPTIONS, ...options });
  open.push(decoder);
  return { decoder, child: () => children.at(-1) as ChildProcess };
}

/** A stream in the middle of its response. */
async function decoding(decoder: Decoder) {
  const stream = decoder.stream("hello", ENDLESS);
  await stream.next();
  return stream;
}

const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => expect.unreachable("it did not fail"),
    (error: unknown) => error,
  );

/** Windows knows no signals: what is sent ends the process with a code. */
const POSIX = process.platform !== "win32";

describe("a child that dies in the middle", () => {
  it.skipIf(!POSIX).each<[signal: NodeJS.Signals, words: RegExp]>([
    ["SIGKILL", /SIGKILL: ended from outside, as systems do when memory runs out/],
    ["SIGSEGV", /SIGSEGV: a memory fault/],
    ["SIGABRT", /SIGABRT/],
    ["SIGBUS", /SIGBUS/],
  ])("of %s: every call in flight is ENGINE_DIED, the next one works", async (signal, words) => {
    const { decoder, child } = await isolated({ slots: 3 });
    const expected = await decoder.generate("hello", SHORT);
    const stream = await decoding(decoder);
    const inFlight = [decoder.generate("hello", ENDLESS), stream.next(), decoder.generateAll(["hello"], ENDLESS)];
    const failures = inFlight.map(failure);
    child().kill(signal);
    for (const error of await Promise.all(failures)) {
      expect(error).toMatchObject({ name: "ArgsearchError", code: "ENGINE_DIED", message: expect.stringMatching(words) });
    }
    expect(await failure(inFlight[0] as Promise<unknown>)).toMatchObject({ cause: { how: signal, words: expect.any(String) } });
    expect((await decoder.generate("hello", SHORT)).tokens).toEqual(expected.tokens);
    expect(decoder.counters().steps).toBe(4);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  it("says the engine's last words", async () => {
    const { decoder, child } = await isolated();
    const stream = await decoding(decoder);
    // As ggml writes it before it aborts.
    const words = "/build/ggml/src/ggml.c:1234: GGML_ASSERT(a->ne[0] == b->ne[0]) failed\n";
    child().stderr?.emit("data", Buffer.from(words));
    const next = failure(stream.next());
    child().kill("SIGKILL");
    expect(await next).toMatchObject({
      message: expect.stringMatching(/Its last words: GGML_ASSERT\(a->ne\[0\] == b->ne\[0\]\) failed/),
      cause: { words: words.trim() },
    });
  });

  it("between two steps of a stream: the next step tells, another call does not", async () => {
    const { decoder, child } = await isolated({ slots: 2 });
    const stream = await decoding(decoder);
    const gone = new Promise((resolve) => child().once("close", resolve));
    child().kill("SIGKILL");
    await gone;
    expect((await decoder.generate("hello", SHORT)).finishReason).toBe("length");
    expect(await failure(stream.next())).toMatchObject({ code: "ENGINE_DIED" });
  });

  it("while nobody calls: nobody notices", async () => {
    const { decoder, child } = await isolated();
    const first = child();
    const gone = new Promise((resolve) => first.once("close", resolve));
    first.kill("SIGKILL");
    await gone;
    const results = await Promise.all([decoder.score({ text: "hello" }, { template: "none" }), decoder.generate("hello", SHORT)]);
    expect(results[1].tokens).toHaveLength(4);
    expect(child()).not.toBe(first);
    expect(children.filter((each) => each.exitCode === null && each.signalCode === null && each === first)).toEqual([]);
  });

  it("in one decoder: another goes on", async () => {
    const one = await isolated();
    const dying = one.child();
    const other = await isolated();
    const goesOn = other.decoder.generate("hello", { ...ENDLESS, maxTokens: 60 });
    const dies = failure(one.decoder.generate("hello", ENDLESS));
    dying.kill("SIGKILL");
    expect(await dies).toMatchObject({ code: "ENGINE_DIED" });
    expect((await goesOn).tokens).toHaveLength(60);
  });

  it("while it loads: load() is ENGINE_DIED", async () => {
    const onProgress = () => void children.at(-1)?.kill("SIGKILL");
    expect(await failure(load({ ...OPTIONS, onProgress }))).toMatchObject({
      code: "ENGINE_DIED",
      message: expect.stringContaining("while it loaded"),
    });
  });

  it("while a reward function thinks: its answer comes too late", async () => {
    let answer = (_: number[]): void => {};
    const thinking: RewardFunction = () => {
      children.at(-1)?.kill("SIGKILL");
      return new Promise((resolve) => {
        answer = resolve;
      });
    };
    const { decoder } = await isolated({ reward: thinking });
    expect(await failure(decoder.generate("hello", SHORT))).toMatchObject({ code: "ENGINE_DIED" });
    answer([1, 2, 3]);
  });

  it("in generateAll(): the prompts in flight are lost, the others go on in another child", async () => {
    const { decoder, child } = await isolated({ slots: 2 });
    const failed: number[] = [];
    const done: number[] = [];
    const prompts = Array.from({ length: 6 }, (_, index) => `prompt ${index}`);
    const all = decoder.generateAll(prompts, {
      ...ENDLESS,
      maxTokens: 20,
      onResult: (_, index) => {
        if (done.push(index) === 1) child().kill("SIGKILL");
      },
      onError: (error, index) => {
        expect(error).toMatchObject({ code: "ENGINE_DIED" });
        failed.push(index);
      },
    });
    expect(await failure(all)).toMatchObject({ code: "ENGINE_DIED", message: expect.stringMatching(/^prompt \d: /) });
    expect(failed.length).toBeGreaterThan(0);
    expect(failed.length).toBeLessThanOrEqual(2);
    expect([...failed, ...done].sort()).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it("of a reward model", async () => {
    const model = await loadReward({ reward: reward.path, gpu: false, isolate: true });
    const inputs = Array.from({ length: 50 }, (_, index) => ({ text: `${index} ${"hello ".repeat(100)}` }));
    const scored = failure(model.score(inputs, { template: "none" }));
    children.at(-1)?.kill("SIGKILL");
    expect(await scored).toMatchObject({ code: "ENGINE_DIED" });
    expect((await model.score({ text: "hello" }, { template: "none" })).tokens).toHaveLength(5);
    await model.dispose();
  });
});

describe("what is loaded again", () => {
  it("finds files by paths relative to where they were given", async () => {
    const cwd = vi.spyOn(process, "cwd").mockReturnValue(dirname(policy.path));
    const name = policy.path.slice(dirname(policy.path).length + 1);
    const { decoder, child } = await isolated({ policy: name });
    cwd.mockRestore();
    expect(decoder.info.policy.path).toBe(name);
    child().kill("SIGKILL");
    await new Promise((resolve) => child().once("close", resolve));
    expect((await decoder.generate("hello", SHORT)).tokens).toHaveLength(4);
  });

  it("may be gone: the call says so, and the next one tries again", async () => {
    const { copyFileSync, renameSync } = await import("node:fs");
    const path = join(dirname(policy.path), "moving.gguf");
    copyFileSync(policy.path, path);
    const { decoder, child } = await isolated({ policy: path });
    renameSync(path, `${path}.away`);
    child().kill("SIGKILL");
    await new Promise((resolve) => child().once("close", resolve));
    expect(await failure(decoder.generate("hello", SHORT))).toMatchObject({ code: "FILE_NOT_FOUND" });
    renameSync(`${path}.away`, path);
    expect((await decoder.generate("hello", SHORT)).tokens).toHaveLength(4);
  });

  it("can be aborted by the call that waits for it, and by dispose()", async () => {
    const { decoder, child } = await isolated();
    const die = async (): Promise<void> => {
      child().kill("SIGKILL");
      await new Promise((resolve) => child().once("close", resolve));
    };
    await die();
    const controller = new AbortController();
    const aborted = failure(decoder.generate("hello", { ...SHORT, signal: controller.signal }));
    controller.abort();
    expect(await aborted).toMatchObject({ code: "ABORTED" });
    expect((await decoder.generate("hello", SHORT)).tokens).toHaveLength(4);
    await die();
    const waiting = failure(decoder.generate("hello", SHORT));
    await decoder.dispose();
    expect(await waiting).toMatchObject({ code: "DISPOSED" });
  });
});

describe.skipIf(!POSIX)("a child that does not answer", () => {
  it("is ended, its calls are ENGINE_NOT_RESPONDING, and the next one works", async () => {
    const { decoder, child } = await isolated({ isolate: { respondWithinMs: 2000 } });
    const generated = failure(decoder.generate("hello", ENDLESS));
    const stopped = child();
    stopped.kill("SIGSTOP");
    expect(await generated).toMatchObject({
      code: "ENGINE_NOT_RESPONDING",
      message: expect.stringContaining("2 s"),
      option: "isolate.respondWithinMs",
    });
    expect((await decoder.generate("hello", SHORT)).tokens).toHaveLength(4);
    await vi.waitFor(() => expect(stopped.signalCode).toBe("SIGKILL"));
  });
});
