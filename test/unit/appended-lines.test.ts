import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { append, readAppendedLines, repair } from "../../src/files/appended-lines.js";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "argsearch-lines-"));
  path = join(folder, "a.jsonl");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const TORN: [string, Buffer][] = [
  ["half an object", Buffer.from('{"a":1')],
  ["half a character", Buffer.from('{"a":"é"}').subarray(0, 7)],
  ["what is no UTF-8", Buffer.from([0x22, 0xff, 0xfe, 0xff])],
  ["zeros", Buffer.alloc(5000)],
  ["more than is read at once", Buffer.alloc(200_000, "x")],
];

describe("appended lines", () => {
  it.each(TORN)("reading leaves %s as it is, repairing cuts it off", async (_what, torn) => {
    const whole = Buffer.from('{"a":"é\\ud800"}\n');
    writeFileSync(path, Buffer.concat([whole, torn]));
    expect((await readAppendedLines(path))[0]).toBe('{"a":"é\\ud800"}');
    expect(readFileSync(path).equals(Buffer.concat([whole, torn]))).toBe(true);
    await repair(path);
    expect(readFileSync(path).equals(whole)).toBe(true);
    await append(path, "{}\n");
    expect(await readAppendedLines(path)).toEqual(['{"a":"é\\ud800"}', "{}"]);
  });

  it("counts bytes, where lines before hold what is no UTF-8", async () => {
    const whole = Buffer.concat([Buffer.from([0xff, 0xff, 0x0a]), Buffer.from('{"b":2}\n')]);
    writeFileSync(path, whole);
    appendFileSync(path, '{"c":');
    expect(await readAppendedLines(path)).toEqual(['{"b":2}', '{"c":']);
    await repair(path);
    expect(readFileSync(path)).toEqual(whole);
  });

  it("an object that lacks only its line end is not lost", async () => {
    writeFileSync(path, '{"a":1}\n{"b":2}');
    expect(await readAppendedLines(path)).toEqual(['{"a":1}', '{"b":2}']);
    await repair(path);
    expect(readFileSync(path, "utf8")).toBe('{"a":1}\n{"b":2}\n');
  });

  it("nothing torn and no file are fine", async () => {
    await repair(path);
    expect(await readAppendedLines(path)).toEqual([]);
    for (const content of ["", "{}\n", "\n"]) {
      writeFileSync(path, content);
      await repair(path);
      expect(readFileSync(path, "utf8")).toBe(content);
    }
  });

  it("errors name the file", async () => {
    await expect(readAppendedLines(folder)).rejects.toMatchObject({ code: "NOT_A_FILE", message: expect.stringContaining(folder) });
    await expect(repair(folder)).rejects.toMatchObject({ code: "FILE_UNWRITABLE", message: expect.stringContaining(folder) });
    await expect(append(join(folder, "no", "a"), "x")).rejects.toMatchObject({ code: "FILE_UNWRITABLE" });
  });
});
