import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { fingerprint } from "../../src/files/fingerprint.js";

const folder = mkdtempSync(join(tmpdir(), "argsearch-fingerprint-"));
afterAll(() => rmSync(folder, { recursive: true }));

const MIB = 1 << 20;

/** Of a file of zeros, one byte of it changed. */
function printOf(size: number, changed?: number): Promise<string> {
  const bytes = Buffer.alloc(size);
  if (changed !== undefined) bytes[changed] = 1;
  const path = join(folder, "file");
  writeFileSync(path, bytes);
  return fingerprint(path);
}

describe("a fingerprint", () => {
  it.each([0, 10, 64 * 1024, 4 * MIB, 4 * MIB + 1, 5 * MIB])(
    "of %d bytes is the same whenever it is taken, and another for another size",
    async (size) => {
      const print = await printOf(size);
      expect(print).toMatch(/^[0-9a-f]{64}$/);
      expect(await printOf(size)).toBe(print);
      expect(await printOf(size + 1)).not.toBe(print);
    },
  );

  it.each([10, 64 * 1024, 64 * 1024 + 1, 4 * MIB])("of %d bytes notices each", async (size) => {
    const print = await printOf(size);
    for (const at of [0, Math.floor(size / 3), Math.floor(size / 2), size - 1]) expect(await printOf(size, at)).not.toBe(print);
  });

  it("of many bytes notices the first, the last, and a part of the others", async () => {
    const size = 5 * MIB;
    const print = await printOf(size);
    for (const at of [0, 65_535, size - 65_536, size - 1]) expect(await printOf(size, at)).not.toBe(print);
    // 64 samples of 64 KiB are four fifths of it.
    let noticed = 0;
    for (let part = 0; part < 10; part++) noticed += (await printOf(size, Math.floor((size * (part + 0.5)) / 10))) === print ? 0 : 1;
    expect(noticed).toBeGreaterThan(5);
  });

  it("of what is no file says so", async () => {
    await expect(fingerprint(join(folder, "none"))).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
    await expect(fingerprint(folder)).rejects.toMatchObject({ code: "NOT_A_FILE" });
  });
});
