/** Engines that are not there, and machines without the GPU asked for. A process has one engine, so each case has its own. */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { devices, type ErrorCode, load } from "../../src/index.js";
import { expectError } from "./expect-error.js";

const folder = mkdtempSync(join(tmpdir(), "argsearch-engines-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ENTRY = fileURLToPath(new URL("../../dist/index.js", import.meta.url));

/** Runs calls of devices() in a process of their own; one line of output each: "works", or code and message. */
function devicesOf(...calls: Record<string, unknown>[]): string[] {
  const program = `
    import { devices } from ${JSON.stringify(ENTRY)};
    for (const options of ${JSON.stringify(calls)}) {
      try {
        devices(options);
        console.log("works");
      } catch (error) {
        console.log(error.code + ": " + error.message);
      }
    }`;
  const { stdout, stderr, status } = spawnSync(process.execPath, ["--input-type=module", "--eval", program], { encoding: "utf8" });
  expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
  return stdout.trim().split("\n");
}

function engineFolder(name: string, fill: (path: string) => void): string {
  const path = join(folder, name);
  mkdirSync(path);
  fill(path);
  return path;
}

describe("engineDir", () => {
  const own = devices({ gpu: false }) && engineOfThisMachine();
  const libraries = readdirSync(own);

  const broken: [what: string, dir: string, code: ErrorCode, message: RegExp][] = [
    ["that does not exist", join(folder, "missing"), "ENGINE_NOT_FOUND", /the engine directory .*missing does not exist/],
    ["that is a file", ENTRY, "ENGINE_NOT_FOUND", /index\.js is no directory/],
    [
      "without libraries",
      engineFolder("empty", () => {}),
      "ENGINE_NOT_FOUND",
      /no llama.cpp library "llama" in .*Point engineDir to the folder/,
    ],
    [
      "with libraries that are none",
      engineFolder("text", (path) => {
        for (const name of libraries.filter((each) => /^(lib)?(llama|ggml)/.test(each))) writeFileSync(join(path, name), "text");
      }),
      "ENGINE_INCOMPATIBLE",
      /cannot be loaded/,
    ],
    [
      "with some of the libraries",
      engineFolder("part", (path) => {
        for (const name of libraries.filter((each) => /^(lib)?llama\./.test(each))) copyFileSync(join(own, name), join(path, name));
      }),
      "ENGINE_NOT_FOUND",
      /no llama.cpp library "ggml"/,
    ],
  ];

  test.each(broken)("%s, then the default", (_, engineDir, code, message) => {
    const [first, second] = devicesOf({ engineDir }, {});
    expect(first).toMatch(message);
    expect(first.startsWith(`${code}: `)).toBe(true);
    expect(second).toBe("works");
  });

  test("a second one in the same process", () => {
    const copy = engineFolder("copy", (path) => {
      for (const name of libraries) copyFileSync(join(own, name), join(path, name));
    });
    const [first, second, third] = devicesOf({ gpu: false }, { engineDir: copy }, { engineDir: own });
    expect(first).toBe("works");
    expect(second).toMatch(/^ENGINE_INCOMPATIBLE: this process already uses the engine in .*; start another process/);
    expect(third).toBe("works");
  });
});

describe.runIf(process.platform === "linux")("an engine whose installation was interrupted", () => {
  const own = engineOfThisMachine();
  const libraries = readdirSync(own);
  const isVariant = (name: string): boolean => /^libggml-cpu-/.test(name);

  /** Each of `names` cut to a length. */
  function cut(folderName: string, names: readonly string[], length: (whole: number) => number): string {
    return engineFolder(folderName, (path) => {
      for (const name of libraries) copyFileSync(join(own, name), join(path, name));
      for (const name of names) truncateSync(join(path, name), length(statSync(join(path, name)).size));
    });
  }

  const needed = libraries.filter((name) => /^lib(llama|ggml|ggml-base)(\.v[0-9.]+)?\.so$/.test(name));
  const lengths: [what: string, length: (whole: number) => number][] = [
    ["4096 bytes", () => 4096],
    ["half", (whole) => Math.floor(whole / 2)],
    ["all but a byte", (whole) => whole - 1],
  ];
  test.each(needed.flatMap((name) => lengths.map(([what, length]) => ({ name, what, length }))))(
    "$name of $what",
    ({ name, what, length }) => {
      const [outcome] = devicesOf({ engineDir: cut(`${name} ${what}`, [name], length) });
      expect(outcome).toMatch(/^ENGINE_INCOMPATIBLE: .* is cut short: install it again\.$/);
      expect(outcome).toContain(name);
    },
  );

  const variants = libraries.filter(isVariant);
  test.runIf(variants.length > 1).each(variants)("%s is passed over", (name) => {
    const engineDir = cut(`without ${name}`, [name], () => 4096);
    expect(devicesOf({ engineDir })).toEqual(["works"]);
    expect(devicesOf({ engineDir, gpu: false })).toEqual(["works"]);
  });

  test("every variant for the CPU", () => {
    const engineDir = cut(
      "no CPU",
      libraries.filter((name) => /^libggml-cpu/.test(name)),
      () => 4096,
    );
    for (const gpu of ["auto", false])
      expect(devicesOf({ engineDir, gpu })[0]).toMatch(/^ENGINE_INCOMPATIBLE: .*libggml-cpu.* is cut short/);
  });
});

describe("a GPU by name", () => {
  /** Where its package is installed, the engine package itself says so. */
  const isInstalled = (name: string): boolean => {
    try {
      createRequire(ENTRY).resolve(`@node-llama-cpp/${name}`);
      return true;
    } catch {
      return false;
    }
  };
  const system = { darwin: "mac", win32: "win" }[process.platform as string] ?? process.platform;
  const there = (gpu: string): boolean => isInstalled(`${system}-${process.arch}-${gpu}`);

  test.each(["cuda", "vulkan", "metal"] as const)("%s without its engine package is not there", (gpu) => {
    const [outcome] = devicesOf({ gpu });
    if (there(gpu)) expect(outcome).toBe("works");
    else expect(outcome).toMatch(new RegExp(`^DEVICE_UNAVAILABLE: No llama.cpp engine with ${gpu} for `));
  });

  test.each(["cuda", "vulkan", "metal"] as const)("%s that an engine has no library for is not there", async (gpu) => {
    const engineDir = engineOfThisMachine();
    const work = async (): Promise<void> => (await load({ engineDir, gpu })).dispose();
    if (readdirSync(engineDir).some((name) => name.includes(`ggml-${gpu}`))) return expect(work()).resolves.toBeUndefined();
    return expectError(work, "DEVICE_UNAVAILABLE", /^no (CUDA|Vulkan|MTL) device: the engine in .* offers none on this machine/);
  });
});

function engineOfThisMachine(): string {
  const program = `
    import { load } from ${JSON.stringify(ENTRY)};
    const decoder = await load({ gpu: false });
    console.log(decoder.info.engine.dir);
    await decoder.dispose();`;
  return spawnSync(process.execPath, ["--input-type=module", "--eval", program], { encoding: "utf8" }).stdout.trim();
}
