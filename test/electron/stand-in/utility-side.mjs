// Makes this Node pass for a utility process of Electron: process.parentPort, and ports that come with messages.
import { EventEmitter } from "node:events";
import { PortMain } from "./ports.mjs";

Object.defineProperty(process, "versions", { value: { ...process.versions, electron: "41.7.1" } });
process.type = "utility";

const ports = new Map();
const parentPort = Object.assign(new EventEmitter(), { postMessage: (message) => process.send({ message }) });
process.parentPort = parentPort;

/** What comes before the script listens waits. */
const early = [];
parentPort.on("newListener", (name) => {
  if (name === "message") setImmediate(() => early.splice(0).forEach((event) => void parentPort.emit("message", event)));
});

process.on("message", ({ message, ports: ids = [], port, data, closed }) => {
  if (closed !== undefined) return ports.get(closed)?.close();
  if (port !== undefined) return ports.get(port)?.postMessage(data);
  const event = { data: message, ports: ids.map(arrive) };
  if (parentPort.listenerCount("message") === 0) early.push(event);
  else parentPort.emit("message", event);
});
process.on("disconnect", () => process.exit()); // Electron ends them with its main process

function arrive(id) {
  const { port1, port2 } = new MessageChannel();
  ports.set(id, port2);
  port2.on("message", (data) => process.send({ port: id, data }));
  return new PortMain(port1);
}
