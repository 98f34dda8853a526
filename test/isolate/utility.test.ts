/** Electron's main process, as far as this package sees it: a stand-in for its modules, with a real process behind. */
import { fork } from "node:child_process";
import { EventEmitter } from "node:events";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

const forked: { path: string; options: { env: NodeJS.ProcessEnv } }[] = [];

/** utilityProcess.fork(): a Node process whose messages go by another way than process.send(). */
function utilityFork(path: string, _args: string[], options: { env: NodeJS.ProcessEnv }) {
  forked.push({ path, options });
  const child = fork(path, [], { execArgv: [], env: options.env, stdio: ["ignore", "ignore", "pipe", "ipc"] });
  const utility = Object.assign(new EventEmitter(), {
    pid: child.pid,
    stderr: child.stderr,
    postMessage: (message: object) => child.send(message),
    kill: () => child.kill(),
  });
  child.on("message", (message) => utility.emit("message", message));
  child.on("close", (code) => utility.emit("exit", code ?? 1));
  return utility;
}

const app = { isReady: () => true };

beforeEach(() => {
  vi.resetModules();
  forked.length = 0;
  vi.doMock("node:module", async (original) => {
    const real = await original<typeof import("node:module")>();
    const createRequire = (from: string) => (name: string) =>
      name === "electron" ? { app, utilityProcess: { fork: utilityFork } } : real.createRequire(from)(name);
    return { ...real, createRequire, default: { ...real, createRequire } };
  });
  vi.stubGlobal(
    "process",
    Object.create(process, { versions: { value: { ...process.versions, electron: "38.0.0" } }, type: { value: "browser" } }),
  );
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.doUnmock("node:module");
});

it("runs tasks in Electron's utility process, and its errors come back", async () => {
  const { runInChild } = await import("../../src/isolate/run-in-child.js");
  const outcome = await runInChild({ task: "no such task", input: {} });
  expect(outcome).toEqual({ ended: "failed", code: undefined, message: 'there is no task "no such task"' });
  expect(forked).toHaveLength(1);
  expect(forked[0]?.path).toMatch(/child\.js$/);
});

it("has no child before the application is ready", async () => {
  vi.spyOn(app, "isReady").mockReturnValue(false);
  const { possibleChild } = await import("../../src/isolate/child-entry.js");
  const { runInChild } = await import("../../src/isolate/run-in-child.js");
  expect(possibleChild()).toMatchObject({ how: "none", why: expect.stringContaining("utilityProcess is not there") });
  expect(await runInChild({ task: "quantise", input: {} })).toMatchObject({ ended: "impossible" });
  expect(forked).toEqual([]);
});
