// Two threads that listen to llama.cpp's log. node logger.mjs ENDING POLICY REWARD; prints a line a finding.
import { fileURLToPath } from "node:url";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { setLogger } from "../../dist/index.js";
import { loadPair } from "./common.mjs";

const ENDINGS = {
  "ends by itself": async () => {},
  "silences its own logger": () => setLogger(null),
  exits: () => process.exit(0),
  "is terminated": () => new Promise(() => setInterval(() => {}, 1000)),
};

let heard = 0;
setLogger(() => heard++);

/** Lines heard while a pair loads. */
async function listen(files) {
  const before = heard;
  await (await loadPair(files)).dispose();
  await new Promise(setImmediate);
  return heard - before;
}

if (isMainThread) {
  const [, , ending, policy, reward] = process.argv;
  await listen({ policy, reward }); // the first load says more
  const alone = await listen({ policy, reward });
  const worker = new Worker(fileURLToPath(import.meta.url), { workerData: { ending, files: { policy, reward } } });
  const ended = new Promise((resolve) => worker.once("exit", resolve));
  const inWorker = await new Promise((resolve) => worker.once("message", resolve));
  if (ending === "is terminated") await worker.terminate();
  await ended;
  const after = await listen({ policy, reward });
  process.stdout.write(`${alone > 0}\n${inWorker === alone}\n${after === alone}\n`);
} else {
  parentPort.postMessage(await listen(workerData.files));
  await ENDINGS[workerData.ending]();
}
