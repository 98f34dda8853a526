// One process's life of load, generate and dispose, over and over; prints how much resident memory grew.
//   node --expose-gc --max-semi-space-size=1 cycles.mjs POLICY REWARD WARM_UP CYCLES
import { load } from "../../dist/index.js";

const [policy, reward, warmUp, cycles] = process.argv.slice(2);

async function cycle() {
  const decoder = await load({ policy, reward, gpu: false, threads: 1, contextSize: 128 });
  await decoder.generate("a tall ship.", { template: "none", maxTokens: 4, topK: 5, seed: 1 });
  await decoder.dispose();
}

async function repeat(times) {
  for (let i = 0; i < times; i++) await cycle();
}

/** Megabytes, with garbage collected and finalisers run. */
async function resident() {
  for (let i = 0; i < 3; i++) {
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return process.memoryUsage().rss / 2 ** 20;
}

await repeat(Number(warmUp));
const before = await resident();
await repeat(Number(cycles));
const after = await resident();
console.log(JSON.stringify({ before, after, growth: after - before }));
