// The decoder process. Electron's main process draws windows and must never wait; a page cannot load native code. This one may crash.
import { Chat } from "./chat.js";

const chat = new Chat();

process.parentPort.on("message", ({ data, ports: [port] }) => {
  if (data.type === "connect") chat.connect(port);
  if (data.type === "load") chat.load(data.options).then((loaded) => loaded && process.parentPort.postMessage({ type: "ready" }));
});
