import { execFileSync } from "node:child_process";
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { alone, OutputFile } from "../../src/files/output-file.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "argsearch-output-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const KEY = "ab0123456789";
const inFolder = (name: string): string => join(folder, name);

async function written(path: string, text: string): Promise<void> {
  const file = await OutputFile.open(path);
  await file.append(text);
  await file.commit();
}

describe("OutputFile", () => {
  it("has its name when it is whole, and another until then", async () => {
    writeFileSync(inFolder("a"), "old");
    const file = await OutputFile.open(inFolder("a"), { tag: KEY });
    await file.append("new");
    expect(readFileSync(inFolder("a"), "utf8")).toBe("old");
    expect(readdirSync(folder).sort()).toEqual(["a", `a.${KEY}.partial`, "a.partial.lock"]);
    await file.commit();
    await file.suspend();
    expect(readFileSync(inFolder("a"), "utf8")).toBe("new");
    expect(readdirSync(folder)).toEqual(["a"]);
  });

  it("goes on, begins anew, or leaves nothing", async () => {
    const begin = async (resume: boolean): Promise<OutputFile> => {
      const file = await OutputFile.open(inFolder("a"), { resume });
      await file.append("x");
      return file;
    };
    for (const resume of [false, true, true]) await (await begin(resume)).suspend();
    expect(readFileSync(inFolder("a.partial"), "utf8")).toBe("xxx");
    await (await begin(false)).suspend();
    expect(readFileSync(inFolder("a.partial"), "utf8")).toBe("x");
    await (await begin(true)).discard();
    expect(readdirSync(folder)).toEqual([]);
  });

  it("has one writer at a time, whatever that would go on with", async () => {
    const file = await OutputFile.open(inFolder("a"), { tag: KEY });
    await file.append("x");
    for (const options of [{}, { resume: true }, { tag: KEY, resume: true }, { tag: "0123456789ab" }]) {
      await expect(OutputFile.open(inFolder("a"), options)).rejects.toMatchObject({
        code: "BUSY",
        message: expect.stringMatching(/a is in use by process \d+ on .*: wait for it, or name another file/),
      });
    }
    expect(readFileSync(inFolder(`a.${KEY}.partial`), "utf8")).toBe("x");
    expect(readdirSync(folder).sort()).toEqual([`a.${KEY}.partial`, "a.partial.lock"]);
    await file.commit();
    for (const end of ["suspend", "discard", "commit"] as const) {
      await (await OutputFile.open(inFolder("a")))[end]();
      expect(readdirSync(folder)).not.toContain("a.partial.lock");
    }
  });

  it("takes along what runs of other kinds have left of it, and nothing else", async () => {
    const others = ["a.notes.partial", "b.ab0123456789.partial", "xa.ab0123456789.partial", "a.ab0123456789.partial.txt"];
    for (const name of others) writeFileSync(inFolder(name), "");
    for (const tag of [KEY, "0123456789ab"]) await (await OutputFile.open(inFolder("a"), { tag })).suspend();
    await written(inFolder("a"), "x");
    expect(readdirSync(folder).sort()).toEqual(["a", ...others].sort());
  });

  it("is free again when it could not be opened", async () => {
    mkdirSync(inFolder("a.partial"));
    await expect(OutputFile.open(inFolder("a"))).rejects.toMatchObject({ code: "FILE_UNWRITABLE" });
    expect(readdirSync(folder)).toEqual(["a.partial"]);
  });

  it.each(["a", "."])("refuses a directory at once (%s)", async (name) => {
    mkdirSync(inFolder("a"));
    const path = name === "a" ? inFolder(name) : folder;
    await expect(OutputFile.open(path)).rejects.toMatchObject({
      code: "FILE_UNWRITABLE",
      message: `cannot write ${path}: it is a directory; name a file in it`,
    });
    expect(readdirSync(folder)).toEqual(["a"]);
  });

  it("says which folder is missing", async () => {
    await expect(OutputFile.open(inFolder("no/a"))).rejects.toMatchObject({
      code: "FILE_UNWRITABLE",
      message: expect.stringMatching(/cannot write .*no\/a/),
    });
  });
});

describe.skipIf(process.platform === "win32")("OutputFile and what is no ordinary file", () => {
  it("writes the file behind a link, whether it exists or not", async () => {
    mkdirSync(inFolder("there"));
    symlinkSync("there/target", inFolder("link"));
    for (const text of ["one", "two"]) {
      await written(inFolder("link"), text);
      expect(lstatSync(inFolder("link")).isSymbolicLink()).toBe(true);
      expect(readFileSync(inFolder("there/target"), "utf8")).toBe(text);
      expect(readdirSync(inFolder("there"))).toEqual(["target"]);
    }
  });

  it("that is written by other means takes along what killed writers of it left, and nothing else", async () => {
    const stale = ["m.gguf.123-0123abcd.trunk.tmp", "m.gguf.123-0123abcd.q4_k_m.tmp", "m.gguf.9-0123abcd.reward.tmp.9-89abcdef.tmp"];
    const others = ["m.gguf.tmp", "n.gguf.123-0123abcd.trunk.tmp", "m.gguf.123-0123abcd.trunk"];
    for (const name of [...stale, ...others]) writeFileSync(inFolder(name), "");
    const seen = await alone(inFolder("m.gguf"), [], async () => readdirSync(inFolder(".")));
    expect(seen.filter((name) => !name.endsWith(".lock")).sort()).toEqual([...others].sort());
  });

  it("has one writer, by whatever link that comes", async () => {
    symlinkSync("a", inFolder("link"));
    const file = await OutputFile.open(inFolder("a"));
    await expect(OutputFile.open(inFolder("link"))).rejects.toMatchObject({ code: "BUSY" });
    await expect(alone(inFolder("link"), [], async () => {})).rejects.toMatchObject({ code: "BUSY" });
    await file.discard();
  });

  it("has any number of writers where it is a device", async () => {
    const files = [await OutputFile.open("/dev/null"), await OutputFile.open("/dev/null")];
    for (const file of files) await file.commit();
  });

  it("refuses links in a circle", async () => {
    symlinkSync("b", inFolder("a"));
    symlinkSync("a", inFolder("b"));
    await expect(OutputFile.open(inFolder("a"))).rejects.toMatchObject({ code: "FILE_UNWRITABLE" });
    expect(readdirSync(folder).sort()).toEqual(["a", "b"]);
  });

  it("writes to a pipe, also behind a link, and leaves it where it is", async () => {
    execFileSync("mkfifo", [inFolder("pipe")]);
    symlinkSync("pipe", inFolder("link"));
    for (const name of ["pipe", "link"]) {
      const read = readFile(inFolder("pipe"), "utf8");
      await expect
        .poll(() =>
          written(inFolder(name), "a line\n").then(
            () => true,
            () => false,
          ),
        )
        .toBe(true);
      expect(await read).toBe("a line\n");
    }
    expect(lstatSync(inFolder("pipe")).isFIFO()).toBe(true);
    expect(readdirSync(folder).sort()).toEqual(["link", "pipe"]);
  });

  it("does not wait for a pipe that nobody reads", async () => {
    execFileSync("mkfifo", [inFolder("pipe")]);
    await expect(OutputFile.open(inFolder("pipe"))).rejects.toMatchObject({
      code: "FILE_UNWRITABLE",
      message: expect.stringContaining("nobody reads that pipe; start its reader first"),
    });
  });
});
