/** The child's side: one order, one report, by Node's channel or by Electron's. */
import { EventEmitter } from "node:events";
import { afterEach, expect, it, vi } from "vitest";
import { serve } from "../../src/isolate/serve.js";
import { WIRE_VERSION } from "../../src/isolate/wire.js";

afterEach(() => vi.unstubAllGlobals());

const tasks = {
  async double(input: { value: number }, note: (value: unknown) => void) {
    note("begun");
    return 2 * input.value;
  },
  fail: () => Promise.reject(Object.assign(new Error("no room"), { code: "FILE_UNWRITABLE" })),
};

/** Serves over a stand-in of Electron's parentPort; what was said, once an order has been given. */
async function served(task: string, input: unknown): Promise<unknown[]> {
  const said: unknown[] = [];
  const parentPort = Object.assign(new EventEmitter(), { postMessage: (message: unknown) => said.push(message) });
  vi.stubGlobal("process", Object.create(process, { parentPort: { value: parentPort }, on: { value: () => {} } }));
  serve(tasks);
  expect(said).toEqual([{ ready: true, wire: WIRE_VERSION }]);
  parentPort.emit("message", { data: { task, input, remove: [] } });
  await vi.waitFor(() => expect(said.at(-1)).not.toHaveProperty("note"));
  await vi.waitFor(() => expect(said.length).toBeGreaterThan(1));
  return said.slice(1);
}

it("tells notes and the value", async () => {
  await vi.waitFor(async () => expect(await served("double", { value: 21 })).toEqual([{ note: "begun" }, { done: 42 }]));
});

it("tells what failed, with its code", async () => {
  expect(await served("fail", {})).toEqual([{ failed: { code: "FILE_UNWRITABLE", message: "no room" } }]);
});

it("does nothing where nobody listens", () => {
  vi.stubGlobal("process", Object.create(process, { send: { value: undefined }, parentPort: { value: undefined } }));
  expect(() => serve(tasks)).not.toThrow();
});
