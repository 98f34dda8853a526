/** examples/electron as it is after packing, started by a copy of Node with the app's name. */
import { cpSync } from "node:fs";
import { join, resolve } from "node:path";
import { placeArchive, share } from "../helpers/asar-folder.js";
import { RunningApp } from "./running-app.js";

export function startApp(folder: string): RunningApp {
  const asar = join(folder, "resources", "app.asar");
  const program = join(folder, process.platform === "win32" ? "argsearch-chat.exe" : "argsearch-chat");
  placeArchive(asar);
  for (const name of ["src", "package.json"]) cpSync(resolve("examples/electron", name), join(asar, name), { recursive: true });
  share(process.execPath, program);
  return new RunningApp(program, asar);
}
