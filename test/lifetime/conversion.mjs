// One conversion that never ends by itself, and one way to end it.
//   node conversion.mjs SCENARIO OPTIONS STARTED       OPTIONS: importReward()'s, as JSON; STARTED: a file that is there once Python writes
import { existsSync, watch } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { isMainThread, Worker, workerData } from "node:worker_threads";
import { convertOpt, importReward } from "../../dist/import.js";
import { outcomeOf } from "./common.mjs";

const [, , scenario, options, started] = process.argv;
const say = (line) => process.stdout.write(`${line}\n`);

async function running() {
  while (!existsSync(started)) await sleep(20);
}

/** Nothing is awaited: the conversion does not end. */
function convert(signal) {
  const outcome = outcomeOf(importReward({ ...JSON.parse(options), signal }));
  return { outcome };
}

const SCENARIOS = {
  async "is killed"() {
    convert();
    await running();
    say("running");
  },
  async exits() {
    convert();
    await running();
    process.exit(7);
  },
  async "exits while it writes without Python"() {
    const { model, out } = JSON.parse(options);
    watch(dirname(out), (_, name) => name?.endsWith(".trunk.tmp") && process.exit(7));
    await convertOpt({ model, out });
  },
  async "dies of an error"() {
    convert();
    await running();
    setTimeout(() => {
      throw new Error("out of the blue");
    });
  },
  async aborts() {
    const controller = new AbortController();
    const { outcome } = convert(controller.signal);
    await running();
    controller.abort();
    say(await outcome);
  },
  async "terminates its worker"() {
    const worker = start();
    await running();
    await worker.terminate();
    await ended();
  },
  async "has a worker that exits"() {
    const worker = start({ exits: true });
    await new Promise((resolve) => worker.on("exit", resolve));
    await ended();
  },
};

function start(data = {}) {
  return new Worker(fileURLToPath(import.meta.url), { workerData: data, argv: [scenario, options, started] });
}

/** This process lives on while the test looks, until its standard input ends. */
async function ended() {
  say("ended");
  for await (const _ of process.stdin);
}

if (isMainThread) await SCENARIOS[scenario]();
else {
  convert();
  await running();
  if (workerData.exits) process.exit(0);
}
