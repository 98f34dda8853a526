// Uses each file of a list in each of the named ways, and prints one line a file: {"path": …} when it begins, {"path": …, "uses":
// {"inspect": "works" or an error's code and message, …}} when it has ended. Runs apart from the tests, because a file that ends the
// process is what is looked for.
//
//   node probe-files.mjs LIST.json USE…
import { readFileSync } from "node:fs";
import { ArgsearchError, inspect, load, loadReward } from "../../dist/index.js";

const NONE = { template: "none" };
const MOST = 1000;
const CPU = { gpu: false, threads: 1 };

const USES = {
  inspect: (path) => inspect(path, { gpu: false }),
  /** Policy and reward model at once. */
  pair: (path) =>
    using(load({ policy: path, reward: path, ...CPU }), async (decoder) => {
      await decoder.generate("hello", { ...NONE, topK: 2, maxTokens: 2 });
      await decoder.score({ prompt: "hello", response: "there" }, NONE);
    }),
  policy: (path) =>
    using(load({ policy: path, ...CPU }), async (decoder) => {
      await decoder.generate("hello there", { ...NONE, method: "greedy", maxTokens: 4 });
      await decoder.generate("hello world", { ...NONE, method: "sample", maxTokens: 3, seed: 1 });
    }),
  reward: (path) => using(loadReward({ reward: path, ...CPU }), (judge) => judge.score({ prompt: "hello", response: "there" }, NONE)),
};

async function using(loaded, work) {
  const owner = await loaded;
  try {
    await work(owner);
  } finally {
    await owner.dispose();
  }
}

async function outcomeOf(work) {
  try {
    await work();
    return "works";
  } catch (error) {
    const outcome = error instanceof ArgsearchError ? `${error.code}: ${error.message}` : `untyped: ${error?.stack ?? error}`;
    return outcome.slice(0, MOST); // some quote what the file has, and that may be long
  }
}

// What has been said must have been said when a file ends the process, also where nobody has read it yet.
process.stdout._handle?.setBlocking?.(true);
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const [, , list, ...names] = process.argv;

for (const path of JSON.parse(readFileSync(list, "utf8"))) {
  say({ path });
  const uses = {};
  for (const name of names) uses[name] = await outcomeOf(() => USES[name](path));
  say({ path, uses });
}
