// Prints the process's address space when it is ready, waits for a line on standard input, by which time its limit may have been lowered,
// and goes on: node memory.mjs SCENARIO POLICY REWARD. Prints one outcome a line, "NAME: works" or an error's code, and "alive" at the end.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { inspect, load, loadReward } from "../../../dist/index.js";

const [, , scenario, policy, reward] = process.argv;
const CPU = { gpu: false, threads: 2 };
const SHORT = { template: "none", maxTokens: 3, topK: 4, seed: 1 };
const input = { prompt: "How do I bake bread?", response: "Mix flour and water. ".repeat(20) };

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const say = (line) => process.stdout.write(`${line}\n`);

/** Where the limit falls. */
async function ready() {
  globalThis.gc();
  say(/^VmSize:\s*(\d+)/m.exec(readFileSync("/proc/self/status", "utf8"))[1]);
  await lines.next();
}

async function outcome(name, work) {
  try {
    await work();
    say(`${name}: works`);
    return true;
  } catch (error) {
    say(`${name}: ${error.code ?? "untyped"}: ${String(error.message).slice(0, 300)}`);
    return false;
  }
}

const loadPair = () => load({ policy, reward, ...CPU, slots: 4 });

async function warmUp() {
  const decoder = await loadPair();
  await decoder.generate("hello", SHORT);
  await decoder.score(input, { template: "none" });
  await decoder.dispose();
}

async function everything() {
  let decoder;
  if (await outcome("load", async () => (decoder = await loadPair()))) {
    await outcome("generate", () => decoder.generate("hello", SHORT));
    await outcome("score", () => decoder.score(input, { template: "none" }));
    await outcome("dispose", () => decoder.dispose());
  }
}

const SCENARIOS = {
  /** Nothing is loaded, the engine neither. */
  async "the first load"() {
    await ready();
    await outcome("inspect", () => inspect(policy, { gpu: false }));
    await everything();
  },
  /** All that is loaded once is. */
  async "a later load"() {
    await warmUp();
    await ready();
    await everything();
  },
  async decoding() {
    const decoder = await loadPair();
    await ready();
    const prompts = Array.from({ length: 4 }, (_, index) => `${index} ${"all work and no play. ".repeat(6)}`);
    await outcome("generate", () => decoder.generateAll(prompts, { ...SHORT, topK: 20 }));
    await outcome("dispose", () => decoder.dispose());
  },
  async scoring() {
    const judge = await loadReward({ reward, ...CPU });
    await ready();
    await outcome("score", () => judge.score(Array(8).fill(input), { template: "none" }));
    await outcome("dispose", () => judge.dispose());
  },
};

await SCENARIOS[scenario]();
say("alive");
process.stdin.destroy();
