// Opens each file of a list as policy and reward model at once, decodes and scores with it, and prints one line a file:
// {"path": …} when it begins, {"path": …, "outcome": "works" or an error's code} when it has ended. Runs apart from the
// tests, because a file that ends the process is what is looked for.
//
//   node probe-files.mjs LIST.json
import { readFileSync } from "node:fs";
import { ArgsearchError, inspect, load } from "../../dist/index.js";

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

for (const path of JSON.parse(readFileSync(process.argv[2], "utf8"))) {
  say({ path });
  say({ path, outcome: await outcomeOf(() => use(path)), inspected: await outcomeOf(() => inspect(path, { gpu: false })) });
}

async function use(path) {
  const decoder = await load({ policy: path, reward: path, gpu: false, threads: 1 });
  try {
    await decoder.generate("hello", { template: "none", topK: 2, maxTokens: 2 });
    await decoder.score({ prompt: "hello", response: "there" }, { template: "none" });
  } finally {
    await decoder.dispose();
  }
}

async function outcomeOf(work) {
  try {
    await work();
    return "works";
  } catch (error) {
    return error instanceof ArgsearchError ? `${error.code}: ${error.message}` : `untyped: ${error?.stack ?? error}`;
  }
}
