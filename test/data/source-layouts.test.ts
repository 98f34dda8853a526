import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { readScorables } from "../../src/index.js";
import { both, failing, fileOf, line, streamOf } from "./source-files.js";

describe("other encodings", () => {
  const utf16 = (text: string): Buffer => Buffer.from(text, "utf16le");
  const bigEndian = (text: string): Buffer => utf16(text).swap16();

  it("a line of Latin-1 is refused, the others are read", async () => {
    const content = Buffer.concat([Buffer.from(`${line("ü")}\n`), Buffer.from(`${line("naïve")}\n`, "latin1"), Buffer.from(line("b"))]);
    const { texts, bad } = await both(content);
    expect(texts).toEqual([
      [1, "ü"],
      [3, "b"],
    ]);
    expect(bad).toEqual([expect.stringMatching(/^line 2: the line is not UTF-8.*save/i)]);
  });

  it.each([
    ["a torn character", Buffer.from([0xe2, 0x82])],
    ["a surrogate", Buffer.from([0xed, 0xa0, 0x80])],
    ["an overlong form", Buffer.from([0xc0, 0xaf])],
  ])("%s is not UTF-8", async (_name, bytes) => {
    const { bad } = await both(Buffer.concat([Buffer.from('{"text":"'), bytes, Buffer.from('"}\n'), Buffer.from(line("b"))]));
    expect(bad).toEqual([expect.stringMatching(/^line 1: the line is not UTF-8/)]);
  });

  it.each([
    ["UTF-16 with its mark", utf16(`\ufeff${line("a")}\n${line("b")}\n`), /not UTF-8.*line 1.*byte order mark of UTF-16/],
    ["big-endian UTF-16 with its mark", bigEndian(`\ufeff${line("a")}\n`), /not UTF-8.*line 1.*byte order mark of UTF-16/],
    ["UTF-16 without", utf16(`${line("a")}\n${line("b")}\n`), /not UTF-8.*line 1.*UTF-16/],
    ["big-endian UTF-16 without", bigEndian(`${line("a")}\n${line("b")}\n`), /not UTF-8.*line 1.*UTF-16/],
    ["compressed UTF-16", gzipSync(utf16(`\ufeff${line("a")}\n`)), /not UTF-8.*line 1.*byte order mark of UTF-16/],
  ])("%s is refused as a whole", async (_name, content, message) => {
    for (const source of [fileOf(content), streamOf(content)]) {
      expect(await failing(source)).toMatchObject({ code: "INPUT_INVALID", message: expect.stringMatching(message) });
    }
  });
});

describe("compression", () => {
  const content = `${line("a")}\n${line("ü")}\n`;

  it.each([
    ["gzip", gzipSync(content)],
    ["gzip of several members", Buffer.concat([gzipSync(`${line("a")}\n`), gzipSync(`${line("ü")}\n`)])],
    ["gzip with zeros behind it", Buffer.concat([gzipSync(content), Buffer.alloc(140_000)])],
    ["gzip with a byte order mark in it", gzipSync(`\ufeff${content}`)],
  ])("%s is read, whatever its name", async (_name, bytes) => {
    expect(await both(bytes)).toEqual({
      texts: [
        [1, "a"],
        [2, "ü"],
      ],
      bad: [],
    });
  });

  it("a reader may leave early", async () => {
    const path = fileOf(gzipSync(content.repeat(50_000)));
    for (let round = 0; round < 3; round++) {
      for await (const { line: number } of readScorables(path)) if (number === 2) break;
    }
  });

  const long = gzipSync(Array.from({ length: 600 }, (_, at) => line(`${Math.sin(at)}`)).join("\n"));
  const flipped = Buffer.from(long);
  flipped[long.length >> 1] ^= 0xff;
  flipped[long.length - 6] ^= 0xff;

  it.each([
    ["torn", long.subarray(0, long.length >> 1)],
    ["torn in its header", long.subarray(0, 5)],
    ["damaged", flipped],
    ["damaged behind zeros", Buffer.concat([gzipSync(`${line("a")}\n`), Buffer.alloc(70_000), Buffer.from("b")])],
  ])("%s gzip is told of", async (_name, bytes) => {
    for (const source of [fileOf(bytes), streamOf(bytes)]) {
      expect(await failing(source)).toMatchObject({
        code: "INPUT_INVALID",
        message: expect.stringMatching(/damaged or truncated gzip|behind the padding/),
      });
    }
  });

  it.each([
    ["Parquet", Buffer.from("PAR1\x15\x04\x15")],
    ["zip", Buffer.from("PK\x03\x04\x14\x00\x00\x00", "latin1")],
    ["zstd", Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x04])],
    ["xz", Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00])],
    ["bzip2", Buffer.from("BZh91AY&SY")],
    ["Arrow", Buffer.from("ARROW1\0\0")],
    ["GGUF", Buffer.from("GGUF\x03\0\0\0")],
    ["gzip", gzipSync(gzipSync(content))],
    ["tar", gzipSync(Buffer.concat([Buffer.from("a.jsonl".padEnd(257, "\0")), Buffer.from("ustar\x0000")]))],
  ])("%s is refused once, with what to do", async (name, bytes) => {
    const source = fileOf(bytes);
    const message = expect.stringMatching(new RegExp(`${source}.*\\b${name}\\b.*JSON lines`));
    expect(await failing(source)).toMatchObject({ code: "INPUT_INVALID", message });
    const stream = expect.stringMatching(new RegExp(`^the stream.*\\b${name}\\b`));
    expect(await failing(streamOf(bytes))).toMatchObject({ code: "INPUT_INVALID", message: stream });
  });
});

describe("records that are not one a line", () => {
  const [a, b] = [{ text: 'a ]}, " \\' }, { text: "b", more: [{ x: [1, {}] }, "]"] }];
  const texts = [
    [1, a.text],
    [2, b.text],
  ];

  it.each([
    ["an array on one line", JSON.stringify([a, b])],
    ["an array of a record a line", `[\n${JSON.stringify(a)},\n${JSON.stringify(b)}\n]\n`],
    ["a pretty array", JSON.stringify([a, b], null, 2)],
    ["a pretty array with CRLF and a byte order mark", `\ufeff${JSON.stringify([a, b], null, 2).replaceAll("\n", "\r\n")}`],
    ["an array with a comma too many", `[${JSON.stringify(a)},\n${JSON.stringify(b)},\n]`],
    ["pretty records one below the other", `${JSON.stringify(a, null, 2)}\n${JSON.stringify(b, null, 2)}\n`],
    ["pretty records with commas", `${JSON.stringify(a, null, "\t")},\n${JSON.stringify(b, null, "\t")}`],
    ["a record a line, with commas", `${JSON.stringify(a)},\n${JSON.stringify(b)},\n`],
    ["a compressed array", gzipSync(JSON.stringify([a, b], null, 2))],
  ])("%s", async (_name, content) => {
    expect(await both(content)).toEqual({ texts, bad: [] });
  });

  it("are refused one by one, by place and line", async () => {
    const { texts: found, bad } = await both(`[\n  ${JSON.stringify(a)},\n  {"text": 7},\n  null,\n\n  {"text"},\n${JSON.stringify(b)}]`);
    expect(found).toEqual([
      [1, a.text],
      [5, b.text],
    ]);
    expect(bad).toEqual([
      'record 2 (line 3): the field "text" must be a text',
      "record 3 (line 4): the record is not a JSON object",
      expect.stringMatching(/^record 4 \(line 6\): the record is not JSON/),
    ]);
  });

  it("that are torn cost only themselves", async () => {
    const whole = JSON.stringify([a, b]);
    const inside = await both(whole.slice(0, -5));
    expect(inside).toEqual({ texts: [[1, a.text]], bad: [expect.stringMatching(/^record 2 \(line 1\): the record is not JSON/)] });
    const between = await both(`[${JSON.stringify(a)},\n`);
    expect(between).toEqual({ texts: [[1, a.text]], bad: [expect.stringMatching(/^record 2 \(line 2\): .*ends before it is closed/)] });
  });

  const more = { text: "c", more: [{}] };
  const pretty = [a, b, more].map((record) => JSON.stringify(record, null, 2));
  it.each([
    [
      "a quote that is missing",
      `[\n${JSON.stringify(a)},\n{"text":"x,"more":"y"},\n${JSON.stringify(b)},\n${JSON.stringify(more)}\n]\n`,
      "]",
    ],
    [
      "a brace that is missing",
      `[\n${JSON.stringify(a)},\n{"text":"x","more":"y",\n${JSON.stringify(b)},\n${JSON.stringify(more)}\n]\n`,
      "]",
    ],
    ["a brace, with commas alone", `${JSON.stringify(a)},\n{"text":"x",\n${JSON.stringify(b)},\n${JSON.stringify(more)},\n`, ","],
    ["the end of a record", `${JSON.stringify(a)},\n{"text":\n{"text":"b"},\n`, "none"],
    ["a quote in a pretty record", `[${pretty[0]},\n${pretty[2]?.replace('"c"', '"c" "')},\n${pretty[1]},\n${pretty[2]}]`, "]"],
  ])("and %s costs the record that it is missing in, not those behind it", async (_what, content, end) => {
    const { texts: found, bad } = await both(content);
    if (end === "none") return expect({ found: found.length, bad: bad.length }).toEqual({ found: 1, bad: 1 });
    expect(found.map((each) => (each as unknown[])[1])).toEqual([a.text, b.text, more.text]);
    expect(bad).toEqual([expect.stringMatching(/^record 2 \(line \d+\): the record is not JSON/)]);
  });

  it("of an array that is larger than memory should hold", async () => {
    const record = Buffer.from(`${JSON.stringify({ text: "x".repeat(1 << 20) })},`);
    function* endless(): Generator<Buffer> {
      yield Buffer.from("[");
      for (let at = 0; at < 65; at++) yield record;
      yield Buffer.from(`${line("end")}]`);
    }
    let count = 0;
    for await (const { line: number } of readScorables(Readable.from(endless()))) expect(number).toBe(++count);
    expect(count).toBe(66);
  });

  it.each([
    ["texts", '["a", "b"]\n', expect.objectContaining({ code: "INPUT_INVALID" })],
    ["texts without a line end", '["a", "b"]', expect.objectContaining({ code: "INPUT_INVALID" })],
    ["an empty array", "[]", "read"],
    ["one word", "prompt", "read"],
    ["texts on lines of their own", '[\n"a",\n"b"\n]\n', expect.objectContaining({ code: "INPUT_INVALID" })],
    ["records, with more behind it", `[${line("a")}]\n[${line("b")}]\n`, expect.objectContaining({ code: "INPUT_INVALID" })],
    ["a table", "prompt,chosen,rejected\na,b,c\nd,e,f\n", expect.objectContaining({ code: "INPUT_INVALID" })],
    ["a page", "<!DOCTYPE html>\n<html>\n<p>404</p>\n", expect.objectContaining({ code: "INPUT_INVALID" })],
  ])("never one error a line: %s", async (_name, content, outcome) => {
    const bad: string[] = [];
    const all = async (): Promise<string> => {
      for await (const _ of readScorables(fileOf(content), { onBadLine: ({ place }) => void bad.push(place) }));
      return "read";
    };
    expect(await all().catch((error: unknown) => error)).toEqual(outcome);
    expect(bad.length).toBeLessThan(2);
  });

  it.each([
    ["a torn first line", "{"],
    ["a first line torn within a text", '{"text":"a'],
    ["a first line that is no record", "[]"],
    ["a first line that is another array", "[1]"],
    ["a first line that is an array of records", `[${line("x")}, ${line("y")}]`],
    ["a first line that is no JSON", "7"],
    ["several of them", 'log\n[1]\n"done"'],
  ])("lines stay lines after %s", async (_name, begin) => {
    const { texts: found, bad } = await both(`${begin}\n${line("a")}\n${line("b")}`);
    const none = begin.split("\n").map((_, at) => expect.stringMatching(new RegExp(`^line ${at + 1}: `)));
    expect({ found, bad }).toEqual({
      found: [
        [none.length + 1, "a"],
        [none.length + 2, "b"],
      ],
      bad: none,
    });
  });
});
