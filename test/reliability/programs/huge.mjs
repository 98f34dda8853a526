// Loads with sizes that hardly any machine has room for, under a limit of address space: node huge.mjs MODEL. Prints one outcome a line and
// "alive" at the end. The model must have been trained for 2 ** 24 tokens, the most that argsearch accepts.
import { load } from "../../../dist/index.js";

const [, , model] = process.argv;
const MOST = 2 ** 24;
const VOCABULARY = 60;
const SIZES = [
  { contextSize: MOST },
  { contextSize: MOST, slots: 128 },
  { contextSize: MOST / 128, slots: 128 },
  { contextSize: 64, batchSize: 65_536, slots: 128 },
  { contextSize: MOST, batchSize: 65_536, kvType: "f16" },
  { contextSize: 2 ** 28 },
  { contextSize: 64, slots: 129 },
];

for (const size of SIZES) {
  try {
    const decoder = await load({ policy: model, reward: model, gpu: false, threads: 1, ...size });
    await decoder.generate("hello", { template: "none", maxTokens: 2, topK: VOCABULARY });
    await decoder.dispose();
    process.stdout.write("works\n");
  } catch (error) {
    process.stdout.write(`${error.code ?? `untyped ${error}`}\n`);
  }
}
process.stdout.write("alive\n");
