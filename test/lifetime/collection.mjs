// node --expose-gc collection.mjs SCENARIO POLICY REWARD. Prints one line a finding.
import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { ENDLESS, isolate, loadJudge, loadPair, SHORT, scoreInputs, sleep } from "./common.mjs";

const [, , scenario, policy, reward] = process.argv;
const files = { policy, reward, isolate };
const say = (line) => process.stdout.write(`${line}\n`);

async function collect() {
  for (let turn = 0; turn < 20; turn++) {
    globalThis.gc();
    await sleep(5);
  }
}

/** Linux shows a process's threads; every live decoder has one. */
const threads = () => (process.platform === "linux" ? readdirSync("/proc/self/task").length : 0);

/** Whether the object, named by a weak reference, is gone. */
const isGone = (reference) => reference.deref() === undefined;

const SCENARIOS = {
  async "forgotten objects"() {
    await (await loadPair(files)).dispose();
    const before = threads();
    const make = async () => {
      const decoder = await loadPair(files);
      await decoder.generate("hello", SHORT);
      const judge = await loadJudge(files);
      await judge.score(scoreInputs[0], { template: "none" });
      return [new WeakRef(decoder), new WeakRef(judge)];
    };
    const references = [];
    for (let index = 0; index < 5; index++) references.push(...(await make()));
    await collect();
    say(references.every(isGone));
    say(threads() <= before);
  },
  async "forgotten while it runs"() {
    const start = async () => (await loadPair(files)).generate("hello", { ...ENDLESS, maxTokens: 30 });
    const running = [await [start()], await [start()]].flat();
    const collecting = setInterval(() => globalThis.gc(), 5);
    const results = await Promise.all(running);
    clearInterval(collecting);
    say(results.map(({ tokens }) => tokens.length).join(" "));
    await collect();
    say("alive");
  },
  async "a stream forgotten half-way"() {
    const start = async () => {
      const stream = (await loadPair(files)).stream("hello", ENDLESS);
      await stream.next();
      return new WeakRef(stream);
    };
    const reference = await start();
    await collect();
    say(isGone(reference));
  },
  async "forgotten after dispose"() {
    const start = async () => {
      const decoder = await loadPair(files);
      decoder.generate("hello", ENDLESS).catch(() => {});
      void decoder.dispose();
    };
    await start();
    await collect();
    say("alive");
  },
  /** A second copy of the addon in the same thread, as a test runner's module registry makes it. */
  async "the addon loaded twice"() {
    const require = createRequire(import.meta.url);
    const entry = require.resolve("../../dist/index.cjs");
    const copies = [require(entry)];
    for (const name of Object.keys(require.cache)) delete require.cache[name];
    copies.push(require(entry));
    const tokens = await Promise.all(
      copies.map(async ({ load }) => {
        const decoder = await load({ policy, reward, gpu: false, threads: 1 });
        const result = await decoder.generate("hello", SHORT);
        await decoder.dispose();
        return result.tokens.join(" ");
      }),
    );
    say(copies[0] !== copies[1]);
    say(tokens[0] === tokens[1]);
    const { ArgsearchError, load } = copies[1];
    const error = await load({ policy: "/nowhere.gguf" }).catch((reason) => reason);
    say(error instanceof ArgsearchError && error.code);
  },
};

await SCENARIOS[scenario]();
