// utilityProcess: a Node process of this same program, whose ports are carried over Node's own channel.
import { fork } from "node:child_process";
import { EventEmitter } from "node:events";
import { fileURLToPath } from "node:url";

const SIDE = fileURLToPath(new URL("./utility-side.mjs", import.meta.url));

export const running = new Set();

/** How many of the next processes die as soon as they are there. */
export const fate = { deaths: 0 };

export const utilityProcess = {
  fork(path, args, { stdio, serviceName }) {
    const [, out, error] = stdio;
    const execArgv = ["--import", SIDE];
    const child = fork(path, args, { execArgv, serialization: "advanced", stdio: ["ignore", out, error, "ipc"] });
    running.add(child);
    if (fate.deaths > 0) {
      fate.deaths -= 1;
      child.kill("SIGKILL");
    }
    const ports = new Map();
    const utility = Object.assign(new EventEmitter(), {
      pid: child.pid,
      stderr: child.stderr,
      serviceName,
      postMessage: (message, transferred = []) => {
        const ids = transferred.map((port) => carry(port.transfer(), child, ports));
        child.send({ message, ports: ids }, () => {});
      },
      kill: () => child.kill(),
    });
    child.on("message", ({ port, data, message }) => {
      if (port === undefined) utility.emit("message", message);
      else ports.get(port)?.postMessage(data);
    });
    child.on("close", (code) => {
      running.delete(child);
      for (const port of ports.values()) port.close();
      utility.emit("exit", code ?? 1);
    });
    return utility;
  },
};

/** Messages of the other end go to the child; the number that the child knows the port by. */
function carry(port, child, ports) {
  const id = ports.size;
  ports.set(id, port);
  port.on("message", (data) => child.send({ port: id, data }, () => {}));
  port.on("close", () => child.connected && child.send({ closed: id }, () => {}));
  return id;
}
