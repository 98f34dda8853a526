// Makes this Node pass for Electron's main process: node --import main-side.mjs APP/src/main.js
import { register } from "node:module";

register("./resolve.mjs", import.meta.url);
Object.defineProperty(process, "versions", { value: { ...process.versions, electron: "41.7.1" } });
process.type = "browser";
