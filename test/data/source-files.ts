/** Data as files and as streams, and what is read of them. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, expect } from "vitest";
import { countLines } from "../../src/files/json-lines.js";
import { type DataSource, readScorables } from "../../src/index.js";

export const folder = mkdtempSync(join(tmpdir(), "argsearch-sources-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;

export function fileOf(content: string | Buffer): string {
  const path = join(folder, `${++files}.jsonl`);
  writeFileSync(path, content);
  return path;
}

/** In pieces of one byte: characters, line ends and magic numbers are cut everywhere. */
export function streamOf(content: string | Buffer): Readable {
  return Readable.from([...Buffer.from(content)].map((byte) => Buffer.of(byte)));
}

/** The texts with their lines' numbers, and "place: message" of what was refused. */
export async function read(source: DataSource) {
  const [texts, bad]: [unknown[], string[]] = [[], []];
  const onBadLine = ({ place, error }: { place: string; error: Error }): void => void bad.push(`${place}: ${error.message}`);
  for await (const { line, value } of readScorables(source, { onBadLine })) texts.push([line, "text" in value ? value.text : value]);
  return { texts, bad };
}

export const line = (text: string): string => JSON.stringify({ text });
export const failing = (source: DataSource) =>
  read(source).then(
    () => "read",
    (error: unknown) => error,
  );

/** The same from a file and from a stream. */
export async function both(content: string | Buffer) {
  const path = fileOf(content);
  const found = await read(path);
  expect(await read(streamOf(content))).toEqual(found);
  expect(await countLines(path)).toBe(found.texts.length + found.bad.length);
  return found;
}
