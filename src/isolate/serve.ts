/** The child's side: waits for the one order, does it, reports, and is gone when its parent is. */
import { rmSync } from "node:fs";
import { Worker } from "node:worker_threads";
import type { Order, Report } from "./wire.js";

/** `note` tells the parent at once what it is to know even if the process then ends. */
export type Task = (input: never, note: (value: unknown) => void) => Promise<unknown>;

/** Electron's process has another channel than Node's. */
interface ParentPort {
  postMessage(message: unknown): void;
  on(event: "message", listener: (event: { data: unknown }) => void): void;
}

/** Takes over the process. Does nothing where nobody is on the other side. */
export function serve(tasks: Readonly<Record<string, Task>>): void {
  const { parentPort } = process as NodeJS.Process & { parentPort?: ParentPort };
  let remove: readonly string[] = [];
  let watcher: Worker | undefined;
  const perform = async (order: Order): Promise<void> => {
    remove = order.remove;
    watcher?.postMessage({ remove, limitMs: order.limitMs });
    report(await outcomeOf(tasks, order, (note) => report({ note })));
  };
  const report = (message: Report): void => {
    if (parentPort) parentPort.postMessage(message);
    else process.send?.(message);
  };
  if (parentPort) parentPort.on("message", ({ data }) => void perform(data as Order));
  else if (process.send) {
    process.on("message", (order) => void perform(order as Order));
    process.on("disconnect", () => endNow(remove));
    if (!process.connected) endNow(remove);
    watcher = watchParent();
    // Ctrl-C, and other ways to end a program, reach its whole group. The parent decides what becomes of the work.
    for (const signal of ["SIGINT", "SIGHUP", "SIGTERM"]) process.on(signal, () => {});
  } else return;
  report({ ready: true });
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

/**
 * A call into a driver that hangs keeps this thread from hearing that nobody waits any more: another one sees the parent's process go,
 * hears standard input end, which the parent's thread holds, and knows the limit. It is told of the order by a message.
 */
function watchParent(): Worker | undefined {
  const program = `
    const parent = ${process.ppid};
    let remove = [];
    const endNow = () => {
      for (const file of remove) try { require("node:fs").rmSync(file, { force: true }); } catch {}
      process.kill(process.pid, "SIGKILL");
    };
    const isGone = () => {
      if (process.platform !== "win32") return process.ppid !== parent;
      try { process.kill(parent, 0); return false; } catch { return true; }
    };
    setInterval(() => { if (isGone()) endNow(); }, 1000);
    require("node:worker_threads").parentPort.on("message", (order) => {
      remove = order.remove;
      if (order.limitMs !== undefined) setTimeout(endNow, order.limitMs + 1000);
    });
    const isNode = !process.versions.bun && !process.versions.deno;
    if (isNode) new (require("node:net").Socket)({ fd: 0, writable: false }).on("error", () => {}).on("end", endNow).resume();`;
  try {
    const watcher = new Worker(program, { eval: true });
    watcher.on("error", () => {}); // without it the work goes on as well
    watcher.unref();
    return watcher;
  } catch {
    // Not every runtime has such threads; most calls end.
    return undefined;
  }
}
