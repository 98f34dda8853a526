/** Texts and JSON read whole. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readJson, readJsonObject, readText } from "../../src/files/json.js";

const folder = mkdtempSync(join(tmpdir(), "argsearch-json-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function fileOf(content: string | Buffer): string {
  const path = join(folder, "file.json");
  writeFileSync(path, content);
  return path;
}

const utf16 = (text: string): Buffer => Buffer.from(text, "utf16le");
const text = '{\n  "name": "naïve",\n  "weight": [1]\n}\n';

describe.each([
  ["readText", readText],
  ["readJson", readJson],
  ["readJsonObject", readJsonObject],
])("%s()", (_name, read) => {
  it.each([
    ["Latin-1", Buffer.from(text, "latin1"), /not UTF-8: line 2/],
    ["UTF-16 with its mark", utf16(`\ufeff${text}`), /not UTF-8: line 1 begins with the byte order mark of UTF-16/],
    ["big-endian UTF-16 with its mark", utf16(`\ufeff${text}`).swap16(), /not UTF-8: line 1 begins with the byte order mark of UTF-16/],
    ["UTF-16", utf16(text), /not UTF-8: line 1 looks like UTF-16/],
    ["a text torn in a character", Buffer.from('"ü').subarray(0, 2), /not UTF-8/],
  ])("refuses %s", async (_what, content, message) => {
    const path = fileOf(content);
    const error = { name: "ArgsearchError", code: "INPUT_INVALID", message: expect.stringMatching(message) };
    await expect(read(path)).rejects.toMatchObject(error);
    await expect(read(path)).rejects.toThrow(path);
  });

  it("passes over a byte order mark", async () => {
    expect(await read(fileOf(`\ufeff${text}`))).toEqual(await read(fileOf(text)));
  });

  it("names what is wrong with the file", async () => {
    await expect(read(join(folder, "missing"))).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
    await expect(read(folder)).rejects.toMatchObject({ code: "NOT_A_FILE" });
  });
});

it("keeps a text as it is", async () => {
  expect(await readText(fileOf("a\r\nb\u2028c\0"))).toBe("a\r\nb\u2028c\0");
});
