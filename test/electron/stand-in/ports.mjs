// Electron's message ports, on those of Node.
import { EventEmitter } from "node:events";

/** MessagePortMain: hands over nothing before start(). */
export class PortMain extends EventEmitter {
  #port;

  constructor(port) {
    super();
    this.#port = port;
    port.on("close", () => this.emit("close"));
  }

  start() {
    this.#port.on("message", (data) => this.emit("message", { data, ports: [] }));
  }

  postMessage(message) {
    this.#port.postMessage(message);
  }

  close() {
    this.#port.close();
  }

  /** Node's port, for whom this one is transferred to. */
  transfer() {
    const port = this.#port;
    this.#port = undefined;
    this.removeAllListeners();
    return port;
  }
}

export class MessageChannelMain {
  constructor() {
    const { port1, port2 } = new MessageChannel();
    Object.assign(this, { port1: new PortMain(port1), port2: new PortMain(port2) });
  }
}
