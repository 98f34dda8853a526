/** A child process must never be the application itself, started a second time. */
import { describe, expect, it } from "vitest";
import { childKind, type Host, thisHost } from "../../src/isolate/child-kind.js";

const node: Host = {
  versions: { node: "24.1.0" },
  execPath: "/usr/local/bin/node",
  env: {},
  type: undefined,
  isWorker: false,
  isPacked: false,
  hasUtility: false,
  isAllowed: true,
};

const electron: Host = {
  ...node,
  versions: { node: "22.0.0", electron: "38.0.0" },
  execPath: "/opt/Chat App/chat-app",
  type: "browser",
  hasUtility: true,
};

describe("childKind()", () => {
  it.each<[what: string, host: Host]>([
    ["Node", node],
    ["Node on Windows", { ...node, execPath: "C:\\Program Files\\nodejs\\node.exe" }],
    ["Node under a versioned name", { ...node, execPath: "/usr/bin/nodejs20" }],
    ["a worker thread of Node", { ...node, isWorker: true }],
    ["Bun", { ...node, versions: { node: "24.0.0", bun: "1.4.0" }, execPath: "/home/u/.bun/bin/bun" }],
    ["Deno", { ...node, versions: { node: "24.0.0", deno: "2.9.0" }, execPath: "/home/u/.deno/bin/deno" }],
  ])("%s starts its own program", (_, host) => {
    expect(childKind(host)).toEqual({ how: "fork", env: {} });
  });

  it("Electron that was told to be Node goes on being Node", () => {
    const host = { ...electron, type: undefined, env: { ELECTRON_RUN_AS_NODE: "1" }, hasUtility: false };
    expect(childKind(host)).toEqual({ how: "fork", env: { ELECTRON_RUN_AS_NODE: "1" } });
  });

  it("Electron's main process has a utility process, whatever its fuses", () => {
    expect(childKind(electron)).toEqual({ how: "utility" });
    expect(childKind({ ...electron, env: { ELECTRON_RUN_AS_NODE: "1" } })).toEqual({ how: "utility" });
  });

  it.each<[what: string, host: Host, why: RegExp]>([
    ["an Electron whose app is not ready, or is too old", { ...electron, hasUtility: false }, /utilityProcess is not there/],
    ["Electron's renderer", { ...electron, type: "renderer", hasUtility: false }, /only Electron's main process/],
    ["Electron's utility process", { ...electron, type: "utility", hasUtility: false }, /only Electron's main process/],
    ["a worker thread of Electron's main process", { ...electron, isWorker: true }, /only Electron's main process/],
    ["an Electron process of no type", { ...electron, type: undefined }, /only Electron's main process/],
    ["a packed executable", { ...node, isPacked: true }, /one executable/],
    ["a packed executable called node", { ...node, isPacked: true, execPath: "/opt/node" }, /one executable/],
    ["an application with Node inside", { ...node, execPath: "/opt/app/app" }, /\/opt\/app\/app is not known to be Node/],
    ["NW.js", { ...node, versions: { node: "22.0.0", nw: "0.90.0" }, execPath: "C:\\app\\nw.exe" }, /not known to be Node/],
    ["a folder called node", { ...node, execPath: "/opt/node/app" }, /not known to be Node/],
    ["a process without the permission", { ...node, isAllowed: false }, /permission model/],
  ])("%s has none, and says why", (_, host, why) => {
    expect(childKind(host)).toEqual({ how: "none", why: expect.stringMatching(why) });
  });

  it("knows this process for what it is", () => {
    expect(thisHost()).toMatchObject({ execPath: process.execPath, isPacked: false, hasUtility: false, isAllowed: true });
    expect(childKind({ ...thisHost(), isWorker: false })).toEqual({ how: "fork", env: {} });
  });
});
