import type { Command } from "commander";
import { type TriedDevice, tryDevices } from "../../index.js";
import { addExamples, engineDirFlag, rpcFlag, verboseFlag } from "../flags/flags.js";
import { bytes, table } from "../terminal/format.js";
import { interruptible } from "../terminal/interrupt.js";
import { print, printJson, printText } from "../terminal/output.js";
import { logTo } from "./session.js";

interface DevicesFlags {
  engineDir?: string;
  json?: boolean;
  retry?: boolean;
  rpc?: string[];
  verbose?: boolean;
}

export function addDevices(program: Command): void {
  const command = program
    .command("devices")
    .description("List what the engine can run on. GPUs are tried, once for each engine and driver.")
    .option("--retry", "try GPUs again that were tried before")
    .option("--json", "print a JSON array")
    .addOption(engineDirFlag())
    .addOption(rpcFlag())
    .addOption(verboseFlag());
  addExamples(command, ["devices", "devices --json", "devices --rpc 127.0.0.1:50052"]);
  command.action((flags: DevicesFlags) => interruptible((signal) => runDevices(flags, signal)));
}

async function runDevices({ engineDir, json, retry, rpc, verbose }: DevicesFlags, signal: AbortSignal): Promise<void> {
  logTo(verbose);
  const found = await tryDevices({ engineDir, rpc, again: retry, signal });
  if (json) return printJson(found);
  const tried = found.some(({ trial }) => trial !== null);
  const rows = found.map((device) => [
    device.name,
    device.type,
    device.backend,
    memory(device),
    ...(tried ? [device.trial ?? "-"] : []),
    device.description,
  ]);
  await print(table([["name", "type", "backend", "memory", ...(tried ? ["trial"] : []), "description"], ...rows]));
  for (const reason of new Set(found.flatMap(reasonOf))) await printText(reason);
}

function reasonOf({ name, engine, reason }: TriedDevice): string[] {
  return reason === null ? [] : [`${name} of ${engine}: ${reason}\n`];
}

function memory({ memoryFree, memoryTotal }: TriedDevice): string {
  return memoryTotal === 0 ? "-" : `${bytes(memoryFree)} free of ${bytes(memoryTotal)}`;
}
