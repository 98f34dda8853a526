/** The child's side: does the one order that comes, or opens an object and serves its methods; and is gone when its parent is. */
import { rmSync } from "node:fs";
import type { Worker } from "node:worker_threads";
import { type Opening, ServedObject } from "./serve-object.js";
import { type Frame, isFrame, isOpen, type ToChild, type ToParent } from "./session-wire.js";
import { watchParent } from "./watch-parent.js";
import { type Order, type Report, WIRE_VERSION } from "./wire.js";

/** `note` tells the parent at once what it is to know even if the process then ends. */
export type Task = (input: never, note: (value: unknown) => void) => Promise<unknown>;

/** Electron's process has another channel than Node's. */
interface ParentPort {
  postMessage(message: unknown): void;
  on(event: "message", listener: (event: { data: unknown }) => void): void;
}

/** Takes over the process. Does nothing where nobody is on the other side. */
export function serve(tasks: Readonly<Record<string, Task>>, objects: Readonly<Record<string, Opening>> = {}): void {
  const { parentPort } = process as NodeJS.Process & { parentPort?: ParentPort };
  let remove: readonly string[] = [];
  let watcher: Worker | undefined;
  let served: ServedObject | undefined;
  const perform = async (order: Order): Promise<void> => {
    remove = order.remove;
    watcher?.postMessage({ remove, limitMs: order.limitMs });
    send(await outcomeOf(tasks, order, (note) => send({ note })));
  };
  const send = (message: Report | Frame<ToParent>): void => {
    if (parentPort) parentPort.postMessage(message);
    else process.send?.(message);
  };
  const hear = (message: unknown): void => {
    if (isFrame<ToChild>(message)) served?.hear(message);
    else if (isOpen(message)) served = new ServedObject(objects[message.open], message, send);
    else void perform(message as Order);
  };
  if (parentPort) parentPort.on("message", ({ data }) => hear(data));
  else if (process.send) {
    process.on("message", hear);
    process.on("disconnect", () => endNow(remove));
    if (!process.connected) endNow(remove);
    watcher = watchParent();
    // Ctrl-C, and other ways to end a program, reach its whole group. The parent decides what becomes of the work.
    for (const signal of ["SIGINT", "SIGHUP", "SIGTERM"]) process.on(signal, () => {});
  } else return;
  send({ ready: true, wire: WIRE_VERSION });
}

async function outcomeOf(tasks: Readonly<Record<string, Task>>, { task, input }: Order, note: (value: unknown) => void): Promise<Report> {
  try {
    const work = tasks[task];
    if (work === undefined) throw new Error(`there is no task "${task}"`);
    return { done: (await work(input as never, note)) ?? null };
  } catch (error) {
    const { code, message = String(error) } = error as NodeJS.ErrnoException;
    return { failed: { code, message } };
  }
}

/** Without a word to native code, which would first finish what it does. */
function endNow(remove: readonly string[]): void {
  for (const file of remove) {
    try {
      rmSync(file, { force: true });
    } catch {
      // Windows: still open, by this very process.
    }
  }
  process.kill(process.pid, "SIGKILL");
}
