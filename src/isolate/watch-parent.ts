/** A second pair of eyes in the child, for when its JavaScript thread is stuck. */
import { Worker } from "node:worker_threads";

/**
 * A call into a driver that hangs keeps this thread from hearing that nobody waits any more: another one sees the parent's process go,
 * hears standard input end, which the parent's thread holds, and knows the limit. It is told of the order by a message.
 */
export function watchParent(): Worker | undefined {
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
