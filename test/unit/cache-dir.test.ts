/** What is remembered lies where the user, or the system, says; and nothing fails where it cannot. */
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { cacheDir, recall, remember } from "../../src/files/cache-dir.js";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "argsearch-cache-"));
  for (const name of ["ARGSEARCH_CACHE_DIR", "XDG_CACHE_HOME", "LOCALAPPDATA"]) vi.stubEnv(name, "");
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  rmSync(dir, { recursive: true });
});

const on = (platform: string): void => void vi.stubGlobal("process", Object.create(process, { platform: { value: platform } }));

describe("cacheDir()", () => {
  it.each([
    ["linux", join(homedir(), ".cache", "argsearch")],
    ["darwin", join(homedir(), "Library", "Caches", "argsearch")],
    ["win32", join(homedir(), "AppData", "Local", "argsearch", "Cache")],
  ])("on %s is where programs keep such things", (platform, expected) => {
    on(platform);
    expect(cacheDir()).toBe(expected);
  });

  it("follows the environment", () => {
    vi.stubEnv("XDG_CACHE_HOME", join(dir, "xdg"));
    expect(cacheDir()).toBe(join(dir, "xdg", "argsearch"));
    vi.stubEnv("ARGSEARCH_CACHE_DIR", "mine");
    expect(cacheDir()).toBe(resolve("mine"));
    vi.stubEnv("ARGSEARCH_CACHE_DIR", "");
    vi.stubEnv("XDG_CACHE_HOME", "relative"); // which its specification tells to ignore
    on("linux");
    expect(cacheDir()).toBe(join(homedir(), ".cache", "argsearch"));
    on("win32");
    vi.stubEnv("LOCALAPPDATA", join(dir, "local"));
    expect(cacheDir()).toBe(join(dir, "local", "argsearch", "Cache"));
  });

  it("is nowhere for a user without a home", async () => {
    vi.resetModules();
    vi.doMock("node:os", () => ({
      homedir: () => {
        throw Object.assign(new Error("uv_os_homedir returned ENOENT"), { code: "ERR_SYSTEM_ERROR" });
      },
    }));
    const homeless = await import("../../src/files/cache-dir.js");
    expect(homeless.cacheDir()).toBeUndefined();
    expect(homeless.recall("x.json")).toBeUndefined();
    await expect(homeless.remember("x.json", 1)).resolves.toBeUndefined();
    vi.doUnmock("node:os");
  });
});

describe("what is remembered", () => {
  beforeEach(() => vi.stubEnv("ARGSEARCH_CACHE_DIR", join(dir, "cache")));

  it("comes back, the last of its name, and leaves nothing beside it", async () => {
    expect(recall("gpu/a.json")).toBeUndefined();
    await remember("gpu/a.json", { works: true });
    await Promise.all([remember("gpu/a.json", { works: false }), remember("gpu/b.json", [1])]);
    expect(recall("gpu/a.json")).toEqual({ works: false });
    expect(readdirSync(join(dir, "cache", "gpu")).sort()).toEqual(["a.json", "b.json"]);
  });

  it.each<[what: string, spoil: () => void]>([
    ["a file in its folder's place", () => writeFileSync(join(dir, "cache"), "")],
    ["a folder in its place", () => mkdirSync(join(dir, "cache", "gpu", "a.json"), { recursive: true })],
    ["a folder that cannot be made", () => vi.stubEnv("ARGSEARCH_CACHE_DIR", process.platform === "win32" ? "Z:\\none\\x" : "/proc/none")],
  ])("is forgotten where there is %s", async (_, spoil) => {
    spoil();
    await expect(remember("gpu/a.json", 1)).resolves.toBeUndefined();
    expect(recall("gpu/a.json")).toBeUndefined();
  });

  it.skipIf(process.getuid?.() === 0 || process.platform === "win32")("is forgotten in a folder that cannot be written", async () => {
    mkdirSync(join(dir, "cache"));
    chmodSync(join(dir, "cache"), 0o500);
    await expect(remember("gpu/a.json", 1)).resolves.toBeUndefined();
    expect(recall("gpu/a.json")).toBeUndefined();
  });

  it.each(["", "{", "\u0000", "null"])("may be damaged: %j", async (content) => {
    await remember("gpu/a.json", 1);
    writeFileSync(join(dir, "cache", "gpu", "a.json"), content);
    expect(recall("gpu/a.json") ?? undefined).toBeUndefined();
  });
});
