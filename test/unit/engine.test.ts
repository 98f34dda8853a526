import { beforeEach, describe, expect, it, vi } from "vitest";
import { enginePackages, platformName } from "../../src/engine/engine.js";
import { resetFake } from "../helpers/fake-binding.js";

vi.mock("../../src/engine/binding.js", () => import("../helpers/fake-binding.js"));
beforeEach(() => {
  resetFake();
  vi.resetModules();
});

describe("engine packages", () => {
  it.each([
    ["linux", "x64", "linux-x64"],
    ["linux", "arm", "linux-armv7l"],
    ["darwin", "arm64", "mac-arm64"],
    ["win32", "x64", "win-x64"],
  ])("%s %s is %s", (platform, arch, name) => {
    expect(platformName(platform, arch)).toBe(name);
  });

  it("are tried GPU first, unless told otherwise", () => {
    expect(enginePackages("linux-x64", "auto")).toEqual(["linux-x64-cuda", "linux-x64-vulkan", "linux-x64"]);
    expect(enginePackages("linux-x64", false)).toEqual(["linux-x64", "linux-x64-cuda", "linux-x64-vulkan"]);
    expect(enginePackages("win-x64", "vulkan")).toEqual(["win-x64-vulkan"]);
    expect(enginePackages("mac-arm64", "auto")).toEqual(["mac-arm64-metal"]);
    expect(enginePackages("mac-arm64", "metal")).toEqual(["mac-arm64-metal"]);
    expect(enginePackages("linux-arm64", "auto")).toEqual(["linux-arm64"]);
    expect(enginePackages("mac-x64", "metal")).toEqual([]);
    expect(enginePackages("freebsd-x64", "auto")).toEqual([]);
  });
});

describe("openEngine()", () => {
  it("says what it looked for, where, and the command that repairs it", async () => {
    vi.stubGlobal("process", { ...process, platform: "linux", arch: "riscv64", cwd: () => "/somewhere" });
    const { openEngine } = await import("../../src/engine/engine.js");
    const message = expect.stringMatching(
      /^No llama.cpp engine for linux-riscv64: looked for @node-llama-cpp\/linux-riscv64 from .* and \/somewhere\. Repair with "npm install @node-llama-cpp\/linux-riscv64@\d+\.\d+\.\d+", or set engineDir/,
    );
    expect(() => openEngine({ engineDir: undefined, gpu: "auto" })).toThrow(expect.objectContaining({ code: "ENGINE_NOT_FOUND", message }));
    expect(() => openEngine({ engineDir: undefined, gpu: "metal" })).toThrow(
      expect.objectContaining({ code: "DEVICE_UNAVAILABLE", message: expect.stringContaining("there is no package for it") }),
    );
    vi.unstubAllGlobals();
  });

  it("stays with the engine that is open", async () => {
    const { openEngine } = await import("../../src/engine/engine.js");
    const own = openEngine({ engineDir: "/own", gpu: "auto" });
    expect(own.dir).toBe("/own");
    expect(openEngine({ engineDir: undefined, gpu: false })).toBe(own);
    expect(openEngine({ engineDir: undefined, gpu: "auto" })).toBe(own);
  });
});
