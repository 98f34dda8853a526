// One process in which attachReward() is interrupted. node attach.mjs SCENARIO TRUNK OUT WIDTH [AFTER_MS]
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
  async "terminate the worker"(job, afterMs) {
    const worker = new Worker(fileURLToPath(import.meta.url), { workerData: job });
    await new Promise((resolve) => worker.once("message", resolve));
    await sleep(afterMs);
    await worker.terminate();
  },
  async "exit the process"(job, afterMs) {
    attach(job).catch(() => {});
    await sleep(afterMs);
    process.exit(0);
  },
};

if (isMainThread) {
  const [, , scenario, model, out, width, afterMs] = process.argv;
  await SCENARIOS[scenario]({ model, out, width: Number(width) }, Number(afterMs));
} else {
  parentPort.postMessage("begun");
  await attach(workerData);
}
