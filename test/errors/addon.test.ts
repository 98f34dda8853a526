/** A package whose addon cannot be opened says why, and what to do, in a place where only its own dependencies are installed. */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { rolldown } from "rolldown";
import { afterAll, describe, expect, it, test } from "vitest";
import { addonFile } from "../../src/engine/addon.js";
import { cureOf } from "../../src/engine/loading-failure.js";
import { PREBUILT, platformKey } from "../../src/engine/prebuilt.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "argsearch-addon-"));
afterAll(() => rmSync(folder, { recursive: true }));

const installed = join(folder, "installed");
for (const name of ["dist", "package.json"]) cpSync(join(root, name), join(installed, name), { recursive: true });
symlinkSync(join(root, "node_modules"), join(installed, "node_modules"), "junction");
const ownFile = join(installed, ...(PREBUILT[platformKey()]?.file ?? []));

function run(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, args, { encoding: "utf8", cwd: folder });
}

const devices = (nodeFlags: string[] = [], flags: string[] = []): ReturnType<typeof run> =>
  run(...nodeFlags, join(installed, "dist", "cli.js"), "devices", "--json", ...flags);

describe("the command line", () => {
  it("names the file that is missing", () => {
    const { status, stderr } = devices();
    expect(status).toBe(1);
    expect(stderr).toContain(`argsearch has no native addon for ${platformKey()}: ${ownFile} is missing.`);
    expect(stderr).toMatch(/Reinstall argsearch, or build it, .*: cd \S+ && npm install && npm run build:native \[ADDON_NOT_FOUND\]\n$/);
  });

  it("names platforms that there is an addon for where there is none for this one", () => {
    const elsewhere = `data:text/javascript,Object.defineProperty(process, "platform", { value: "sunos" })`;
    const { status, stderr } = devices(["--import", elsewhere], ["--engine-dir", folder]);
    expect(status).toBe(1);
    expect(stderr).toContain(`no native addon for sunos-${process.arch}: there is one for linux-x64, linux-arm64, linuxmusl-x64,`);
  });

  it("says what the system's loader said of a file that is no library", () => {
    mkdirSync(dirname(ownFile), { recursive: true });
    writeFileSync(ownFile, "no library");
    const { status, stderr } = devices();
    rmSync(ownFile);
    expect(status).toBe(1);
    expect(stderr).toContain(`${ownFile} cannot be loaded: `);
    expect(stderr).toContain("install it again on this machine");
  });

  it("opens the addon of the installed package", () => {
    mkdirSync(dirname(ownFile), { recursive: true });
    cpSync(addonFile(), ownFile);
    const { status, stderr } = devices();
    rmSync(ownFile);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });
});

describe("the entry of one platform", () => {
  it("opens the addon that it names itself", () => {
    mkdirSync(dirname(ownFile), { recursive: true });
    cpSync(addonFile(), ownFile);
    const entry = pathToFileURL(join(installed, "dist", `${platformKey()}.cjs`)).href;
    const program = `import { devices } from "${entry}"; console.log(devices({ gpu: false }).length > 0);`;
    const { stdout, stderr } = run("--input-type=module", "--eval", program);
    rmSync(ownFile);
    expect({ stdout, stderr }).toEqual({ stdout: "true\n", stderr: "" });
  });

  it("there is one for each addon", () => {
    for (const key of Object.keys(PREBUILT)) expect(existsSync(join(root, "dist", `${key}.cjs`)), key).toBe(true);
  });
});

test.each(["esm", "cjs"] as const)("a bundle (%s) that swallowed the package says how to keep it out", async (format) => {
  const entry = join(folder, "entry.mjs");
  writeFileSync(
    entry,
    `import { devices } from ${JSON.stringify(join(root, "dist", "index.js"))};\ntry { devices() } catch (error) { console.log(error.code, error.message) }`,
  );
  const bundle = await rolldown({ input: entry, platform: "node", external: ["vega", "vega-lite", "openai"], logLevel: "silent" });
  const file = join(folder, "bundle", `app.${format === "esm" ? "mjs" : "cjs"}`);
  await bundle.write({ file, format, codeSplitting: false });
  const { stdout } = run(file);
  expect(stdout).toMatch(
    /^ADDON_NOT_FOUND argsearch has no native addon .*: this code was bundled into .* Mark argsearch external in the bundler/,
  );
});

describe("what a user can do", () => {
  it.each([
    [
      "/lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.34' not found (required by /a/argsearch.glibc.node)",
      "it takes glibc 2.34 or newer",
    ],
    ["/lib/libstdc++.so.6: version `GLIBCXX_3.4.29' not found (required by /a/libllama.so)", "it takes GCC 11's libstdc++"],
    ["libstdc++.so.6: cannot open shared object file: No such file or directory", "apt-get install libstdc++6"],
    ["Error loading shared library ld-linux-x86-64.so.2: No such file or directory (needed by /a.node)", "node:22-slim"],
    ["Error relocating /a/libllama.so: __snprintf_chk: symbol not found", "node:22-slim"],
    ["dlopen(/a.dylib, 0x0005): Library not loaded (built for macOS 14.0 which is newer than running OS)", "It takes macOS 14.0 or newer"],
    ["C:\\a\\llama.dll cannot be loaded: error 126", "winget install Microsoft.VCRedist.2015+"],
    ["\\\\?\\C:\\a\\argsearch.node is not a valid Win32 application.", "made for another processor"],
    ["/a.node: invalid ELF header", "made for another processor"],
  ])("%s", (reason, cure) => {
    expect(cureOf(reason)).toContain(cure);
  });

  it("is not made up", () => {
    expect(cureOf("Module did not self-register")).toBeUndefined();
  });
});
