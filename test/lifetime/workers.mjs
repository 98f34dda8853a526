// One process with worker threads that end at bad moments. Prints what it found, a line each.

import { fileURLToPath } from "node:url";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { CALLS } from "./calls.mjs";
import { ENDLESS, isolate, loadJudge, loadPair, PROMPT, SHORT, scoreInputs, sleep } from "./common.mjs";

const say = (line) => process.stdout.write(`${line}\n`);

/** What a worker does until it is stopped; it tells when it has begun. */
const TASKS = {
  ...CALLS,
  async idle(files, begun) {
    const decoder = await loadPair(files);
    begun();
    await sleep(1_000_000);
    return decoder;
  },
  async loading(files, begun) {
    begun();
    for (;;) await (await loadPair(files)).dispose();
  },
  async prefilling(files, begun) {
    const decoder = await loadPair(files);
    begun();
    await decoder.generate(PROMPT, ENDLESS);
  },
  async decoding(files, begun) {
    const decoder = await loadPair(files);
    begun();
    for await (const _step of decoder.stream("hello", ENDLESS));
  },
  async scoring(files, begun) {
    const judge = await loadJudge(files);
    begun();
    for (;;) await judge.score(scoreInputs, { template: "none" });
  },
  async "rewarding by function"(files, begun) {
    const decoder = await loadPair(files, { reward: [files.reward, async (candidates) => candidates.map(() => 0)] });
    begun();
    await decoder.generate("hello", ENDLESS);
  },
  async disposing(files, begun) {
    const decoder = await loadPair(files);
    decoder.generate(PROMPT, ENDLESS).catch(() => {});
    begun();
    await decoder.dispose();
    await sleep(1_000_000);
  },
  async exiting(files, begun) {
    const decoder = await loadPair(files);
    decoder.generate(PROMPT, ENDLESS).catch(() => {});
    begun();
    await sleep(Math.random() * 20);
    process.exit(0);
  },
  async throwing(files, begun) {
    const decoder = await loadPair(files);
    decoder.generate(PROMPT, ENDLESS).catch(() => {});
    begun();
    setTimeout(() => {
      throw new Error("out of the blue");
    }, Math.random() * 20);
  },
  async responding(files, begun) {
    begun();
    parentPort.postMessage(await respond(files));
  },
};

async function respond(files) {
  const decoder = await loadPair(files);
  const { tokens } = await decoder.generate("hello", SHORT);
  await decoder.dispose();
  return tokens.join(" ");
}

function start(task, files) {
  const worker = new Worker(fileURLToPath(import.meta.url), { workerData: { task, files } });
  const messages = [];
  const ended = new Promise((resolve) => worker.on("exit", resolve));
  const begun = new Promise((resolve) => {
    worker.on("message", (message) => (message === "begun" ? resolve() : messages.push(message)));
  });
  worker.on("error", () => {});
  return { worker, begun, ended, messages };
}

/** A worker's whole life. */
async function run(task, files) {
  const { begun, ended, messages } = start(task, files);
  await begun;
  await ended;
  return messages[0];
}

async function stop(task, files) {
  const { worker, begun } = start(task, files);
  await begun;
  await sleep(Math.random() * 25);
  await worker.terminate();
}

const SCENARIOS = {
  /** Repeatedly one worker that is stopped, or ends itself, in the middle of a task; this thread works as before. */
  async stop(files, repeats, task) {
    const before = await respond(files);
    for (let repeat = 0; repeat < repeats; repeat++) await (task === "exiting" || task === "throwing" ? run : stop)(task, files);
    say((await respond(files)) === before);
  },
  /** The addon is loaded by workers alone, one after another, and by this thread in the end. */
  async "one after another"(files, repeats) {
    const responses = [];
    for (let repeat = 0; repeat < repeats; repeat++) responses.push(await run("responding", files));
    responses.push(await respond(files));
    say(new Set(responses).size);
  },
  async "side by side"(files, repeats) {
    const responses = await Promise.all([respond(files), ...Array.from({ length: repeats }, () => run("responding", files))]);
    say(new Set(responses).size);
  },
  /** This thread decodes while workers of every kind are stopped. */
  async "in the middle of work"(files, repeats) {
    const decoder = await loadPair(files);
    const decode = async () => (await decoder.generate("hello", { ...ENDLESS, maxTokens: 40 })).tokens.join(" ");
    const before = await decode();
    let same = true;
    let stopped = false;
    const stopping = (async () => {
      for (let repeat = 0; repeat < repeats; repeat++) {
        await Promise.all(["loading", "prefilling", "decoding", "scoring"].map((task) => stop(task, files)));
      }
      stopped = true;
    })();
    while (!stopped) same &&= (await decode()) === before;
    await stopping;
    say(same);
  },
  /** Again and again eight workers at once, all of them stopped in the middle of a step. */
  async "eight at once"(files, repeats) {
    const before = await respond(files);
    let same = true;
    for (let repeat = 0; repeat < repeats; repeat++) {
      const workers = Array.from({ length: 8 }, (_, index) => start(index % 2 === 0 ? "decoding" : "rewarding by function", files));
      await Promise.all(workers.map(({ begun }) => begun));
      await sleep(Math.random() * 25);
      await Promise.all(workers.map(({ worker }) => worker.terminate()));
      same &&= (await respond(files)) === before;
    }
    say(same);
  },
  /** The whole process ends while workers run. */
  async "exit of the process"(files) {
    const workers = ["loading", "prefilling", "decoding", "scoring"].map((task) => start(task, files));
    await Promise.all(workers.map(({ begun }) => begun));
    await sleep(Math.random() * 30);
    process.exit(7);
  },
};

if (isMainThread) {
  const [, , scenario, policy, reward, repeats, task] = process.argv;
  await SCENARIOS[scenario]({ policy, reward, isolate }, Number(repeats), task);
} else {
  await TASKS[workerData.task](workerData.files, () => parentPort.postMessage("begun"));
}
