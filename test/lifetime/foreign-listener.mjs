// A worker whose addon listens to the engine, and is unloaded with it. node foreign-listener.mjs ADDON POLICY REWARD
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { loadPair, SHORT } from "./common.mjs";

const say = (line) => process.stdout.write(`${line}\n`);
const isMapped = (addon) => readFileSync("/proc/self/maps", "utf8").includes(addon);

async function use(files) {
  const decoder = await loadPair(files);
  const { tokens } = await decoder.generate("hello", SHORT);
  await decoder.dispose();
  return tokens.length;
}

if (isMainThread) {
  const [, , addon, policy, reward] = process.argv;
  const worker = new Worker(fileURLToPath(import.meta.url), { workerData: addon });
  await new Promise((resolve) => worker.once("message", resolve));
  say(isMapped(addon));
  say(await use({ policy, reward }));
  await worker.terminate();
  say(await use({ policy, reward }));
} else {
  createRequire(import.meta.url)(workerData);
  parentPort.postMessage("loaded");
  setInterval(() => {}, 1000);
}
