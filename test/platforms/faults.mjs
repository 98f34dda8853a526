// What goes wrong is a typed error, and the process lives to decode: RUNTIME faults.mjs ORDER.json. `order` = { out, load }: the report is
// { faults, tokens }, an error's code for each fault.
import { readFileSync, writeFileSync } from "node:fs";
import { inspect, load, loadReward } from "argsearch";

const { out, load: options } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const { policy, reward } = options;
const open = (more) => load({ gpu: false, threads: 1, ...options, ...more });

/** A changed copy of a model. */
function damaged(name, change, model = policy) {
  const bytes = readFileSync(model);
  writeFileSync(name, change(bytes) ?? bytes);
  return name;
}

const UNKNOWN = Buffer.from("nonsense");

const cases = {
  "missing file": () => open({ policy: "nowhere.gguf" }),
  "no GGUF": () => open({ policy: damaged("text.gguf", () => "This is no model.") }),
  "cut in its header": () => open({ policy: damaged("header.gguf", (bytes) => bytes.subarray(0, 1000)) }),
  "cut in its tensors": () => open({ policy: damaged("tensors.gguf", (bytes) => bytes.subarray(0, bytes.length >> 1)) }),
  "unknown architecture": () => open({ policy: damaged("architecture.gguf", renamed) }),
  "inspect of a damaged file": () => inspect("header.gguf"),
  "unknown option": () => open({ topk: 1 }),
  "no reward head": () => loadReward({ gpu: false, reward: policy }),
  "no engine there": () => open({ engineDir: "nowhere" }),
  "a context beyond the model's": () => open({ contextSize: 1_000_000_000 }),
  "no memory for the cache": () => open({ policy: damaged("long.gguf", lengthened), reward: [], contextSize: 16_000_000 }),
  "no memory for texts": async () => {
    const judge = await loadReward({ gpu: false, reward: damaged("judge.gguf", lengthened, reward), contextSize: 16_000_000 });
    await judge.score({ prompt: "a", response: "b" });
  },
};

/** A model of 16 million tokens, of 6 kB each in its cache: 100 GB. */
function lengthened(bytes) {
  const key = Buffer.from("llama.context_length");
  bytes.writeUInt32LE(16_777_216, bytes.indexOf(key) + key.length + 4);
}

/** Another architecture of as many letters. */
function renamed(bytes) {
  const key = Buffer.from("general.architecture");
  UNKNOWN.copy(bytes, bytes.indexOf(key) + key.length + 4 + 8, 0, 5);
}

const faults = {};
for (const [name, work] of Object.entries(cases)) {
  faults[name] = "running";
  writeFileSync(out, JSON.stringify({ faults })); // what a process that dies was at
  try {
    const opened = await work();
    await opened.dispose?.();
    faults[name] = "works";
  } catch (error) {
    faults[name] = error.code ?? `no code: ${error}`;
  }
}
const decoder = await open();
const { tokens } = await decoder.generate("Can you help me?", { template: "none", maxTokens: 4 });
await decoder.dispose();
writeFileSync(out, JSON.stringify({ faults, tokens }));
