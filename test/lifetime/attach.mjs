// One process in which attachReward() is interrupted. node attach.mjs SCENARIO TRUNK OUT WIDTH [MOST_MS]
import { fileURLToPath } from "node:url";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { attachReward } from "../../dist/import.js";
import { sleep } from "./common.mjs";

const say = (line) => process.stdout.write(`${line}\n`);
const attach = ({ model, out, width }) => attachReward({ model, out, head: { weight: Array(width).fill(0.5) } });

const SCENARIOS = {
  /** How long it takes, in milliseconds. */
  async whole(job) {
    const start = performance.now();
    await attach(job);
    say(performance.now() - start);
  },
  async "terminate the worker"(job, mostMs) {
    const worker = new Worker(fileURLToPath(import.meta.url), { workerData: job });
    await new Promise((resolve) => worker.once("message", resolve));
    await sleep(Math.random() * mostMs);
    await worker.terminate();
  },
  async "exit the process"(job, mostMs) {
    attach(job).catch(() => {});
    await sleep(Math.random() * mostMs);
    process.exit(0);
  },
};

if (isMainThread) {
  const [, , scenario, model, out, width, mostMs] = process.argv;
  await SCENARIOS[scenario]({ model, out, width: Number(width) }, Number(mostMs));
} else {
  parentPort.postMessage("begun");
  await attach(workerData);
}
