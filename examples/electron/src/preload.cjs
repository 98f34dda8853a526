// Runs before the page, in the sandbox: all that the page can reach.
const { contextBridge, ipcRenderer } = require("electron");

/** @type {MessagePort | undefined} */
let port;
/** @type {(message: unknown) => void} */
let listener = () => {};

ipcRenderer.on("port", (event) => {
  port?.close();
  [port] = event.ports;
  if (port) port.onmessage = ({ data }) => listener(data);
});
ipcRenderer.on("decoder", (_event, message) => listener(message));

contextBridge.exposeInMainWorld("chat", {
  /** Messages of the decoder, and of the main process about it. @param {(message: unknown) => void} to */
  listen(to) {
    listener = to;
  },
  /** To the decoder. @param {unknown} message */
  send(message) {
    port?.postMessage(message);
  },
  /** Another model, by the system's file dialog. @param {"embedded" | "policy" | "reward" | "no reward"} which */
  choose: (which) => ipcRenderer.invoke("choose", which),
  /** A new decoder process. */
  restart: () => ipcRenderer.invoke("restart"),
});
