// The window: a page that shows text and sends messages, and can do nothing else.
import { fileURLToPath } from "node:url";
import { BrowserWindow } from "electron";
import { PAGE } from "./page.js";

export function openWindow() {
  const window = new BrowserWindow({
    width: 900,
    height: 760,
    minWidth: 480,
    minHeight: 400,
    show: false,
    webPreferences: {
      preload: fileURLToPath(new URL("../preload.cjs", import.meta.url)),
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
    },
  });
  window.once("ready-to-show", () => window.show());
  window.webContents.setWindowOpenHandler(() => ({ action: "deny" }));
  window.webContents.on("will-navigate", (event) => event.preventDefault());
  window.loadURL(PAGE);
  return window;
}
