import type { Command } from "commander";
import { devices } from "../../index.js";
import { addExamples, engineDirFlag, verboseFlag } from "../flags/flags.js";
import { bytes, table } from "../terminal/format.js";
import { print, printJson } from "../terminal/output.js";
import { logTo } from "./session.js";

interface DevicesFlags {
  engineDir?: string;
  json?: boolean;
  verbose?: boolean;
}

export function addDevices(program: Command): void {
  const command = program
    .command("devices")
    .description("List what the engine can run on.")
    .option("--json", "print a JSON array")
    .addOption(engineDirFlag())
    .addOption(verboseFlag());
  addExamples(command, ["devices", "devices --json"]);
  command.action(({ engineDir, json, verbose }: DevicesFlags) => {
    logTo(verbose);
    const found = devices({ engineDir });
    if (json) return printJson(found);
    const rows = found.map((device) => [device.name, device.type, device.backend, memory(device), device.description]);
    return print(table([["name", "type", "backend", "memory", "description"], ...rows]));
  });
}

function memory({ memoryFree, memoryTotal }: { memoryFree: number; memoryTotal: number }): string {
  return memoryTotal === 0 ? "-" : `${bytes(memoryFree)} free of ${bytes(memoryTotal)}`;
}
