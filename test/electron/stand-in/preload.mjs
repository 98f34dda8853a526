// Runs a preload script as Electron's sandbox does: it sees Electron's two modules for pages and nothing of Node.
import { EventEmitter } from "node:events";
import { readFileSync } from "node:fs";
import { runInNewContext } from "node:vm";

/** The script's side of the channels, and what it shows to the page. */
export function runPreload(file, invoke) {
  const ipcRenderer = Object.assign(new EventEmitter(), { invoke });
  const page = {};
  const contextBridge = { exposeInMainWorld: (name, api) => Object.assign(page, { [name]: api }) };
  const require = (name) => {
    if (name !== "electron") throw new Error(`a sandboxed preload script has no module ${name}`);
    return { contextBridge, ipcRenderer };
  };
  runInNewContext(`(require) => {${readFileSync(file, "utf8")}\n}`, {}, { filename: file })(require);
  return { ipcRenderer, page };
}
