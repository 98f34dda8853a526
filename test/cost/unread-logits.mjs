// Loads a policy and a reward model, decodes in every slot, and prints the bytes that the process holds in memory.
//   node unread-logits.mjs POLICY REWARD SLOTS searching|loaded     "loaded": the reward model without a context
import { readFileSync } from "node:fs";
import { load, loadReward } from "../../dist/index.js";

const [, , policy, reward, slots, how] = process.argv;
const options = { policy, gpu: false, threads: 1, slots: Number(slots), contextSize: 64 };
const judge = how === "loaded" ? await loadReward({ reward, gpu: false, threads: 1 }) : undefined;
const decoder = await load({ ...options, reward: judge ? null : reward });
const prompts = Array.from({ length: options.slots }, (_, index) => `ship ${index}`);
await decoder.generateAll(prompts, { template: "none", topK: judge ? 1 : 10, maxTokens: 3 });
process.stdout.write(String(residentBytes()));
await decoder.dispose();
await judge?.dispose();

/** Without what is mapped from files, where the system tells it apart. */
function residentBytes() {
  if (process.platform !== "linux") return process.memoryUsage().rss;
  return 1024 * Number(/^RssAnon:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))[1]);
}
