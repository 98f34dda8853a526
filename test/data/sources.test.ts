/** What a data file or stream may be: lines that grow or are torn, streams that fail. */
import { appendFileSync, createReadStream, readdirSync } from "node:fs";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { readScorables } from "../../src/index.js";
import { both, failing, fileOf, folder, line, read } from "./source-files.js";

describe("only LF ends a line", () => {
  it.each(["\u2028", "\u2029", "\u0085", "a\u2028\u2029\u0085b"])("%j is text", async (text) => {
    const { texts, bad } = await both(`${line(text)}\n${line("next")}\n`);
    expect({ texts, bad }).toEqual({
      texts: [
        [1, text],
        [2, "next"],
      ],
      bad: [],
    });
  });

  it.each([
    [
      "a lone CR between fields",
      `{"text":\r"a"}\n${line("b")}`,
      [
        [1, "a"],
        [2, "b"],
      ],
    ],
    [
      "CRLF",
      `${line("a")}\r\n${line("b")}\r\n`,
      [
        [1, "a"],
        [2, "b"],
      ],
    ],
    [
      "no end of the last line",
      `${line("a")}\n${line("b")}`,
      [
        [1, "a"],
        [2, "b"],
      ],
    ],
    [
      "byte order marks, of joined files too",
      `\ufeff${line("a")}\n\ufeff${line("b")}`,
      [
        [1, "a"],
        [2, "b"],
      ],
    ],
    ["blank lines at the end", `${line("a")}\n\n \r\n\t\n`, [[1, "a"]]],
    ["nothing", "", []],
    ["a byte order mark alone", "\ufeff", []],
    ["blank lines alone", "\n\r\n  \n", []],
  ])("%s", async (_name, content, texts) => {
    expect(await both(content)).toEqual({ texts, bad: [] });
  });

  it("a vertical tab or form feed makes its own line bad and no second one", async () => {
    const { texts, bad } = await both(`{"text":\v"a"}\n{"text":\f"a"}\n${line("b")}`);
    expect([texts, bad.map((each) => each.slice(0, 7))]).toEqual([[[3, "b"]], ["line 1:", "line 2:"]]);
  });

  it("blank lines in between are told of by number", async () => {
    expect(await both(`${line("a")}\n\n${line("b")}`)).toEqual({
      texts: [
        [1, "a"],
        [3, "b"],
      ],
      bad: ["line 2: the line is empty"],
    });
  });

  it("streams of text, cut within a character", async () => {
    const whole = `${line("😀 ü")}\n${line("b")}`;
    expect((await read(Readable.from([...whole.split("")]))).texts).toEqual([
      [1, "😀 ü"],
      [2, "b"],
    ]);
    const decoded = Readable.from([Buffer.from(whole)], { objectMode: false }).setEncoding("utf8");
    expect((await read(decoded)).texts).toEqual([
      [1, "😀 ü"],
      [2, "b"],
    ]);
  });

  it("a line comes as soon as it is there", async () => {
    const live = new PassThrough();
    const lines = readScorables(live);
    live.write("\n");
    live.write(`${line("a")}\n`);
    expect((await lines.next()).value).toMatchObject({ line: 2, value: { text: "a" } });
    live.write(`${line("b")}\n`);
    expect((await lines.next()).value).toMatchObject({ line: 3, value: { text: "b" } });
    await lines.return(undefined);
    expect(live.destroyed).toBe(true);
  });

  it("a line that is too long to be kept is refused", async () => {
    const piece = Buffer.alloc(1 << 20, "a");
    function* endless(): Generator<Buffer> {
      yield Buffer.from(`${line("a")}\n{"text":"`);
      for (let at = 0; at < 65; at++) yield piece;
      yield Buffer.from(`"}\n${line("b")}\n`);
    }
    const { texts, bad } = await read(Readable.from(endless()));
    expect(texts).toEqual([
      [1, "a"],
      [3, "b"],
    ]);
    expect(bad).toEqual([expect.stringMatching(/^line 2: the line is longer than 64 MiB/)]);
  });

  it("a file that grows while it is read is read as it was when it was opened", async () => {
    const path = fileOf(Array.from({ length: 20_000 }, (_, at) => `${line(`${at}`)}\n`).join(""));
    let count = 0;
    for await (const { value } of readScorables(path)) {
      if (count++ === 0) appendFileSync(path, `${line("later")}\n`);
      expect(value).not.toEqual({ text: "later" });
    }
    expect(count).toBe(20_000);
  });
});

it.runIf(process.platform === "linux")("a source is closed, however reading ends", async () => {
  const files = [
    `${line("a")}\n`.repeat(30_000),
    gzipSync(`${line("a")}\n`.repeat(30_000)),
    gzipSync(`${line("a")}\n`.repeat(30_000)).subarray(0, 300),
    "PAR1\n",
    gzipSync("PAR1\n"),
    Buffer.from(`\ufeff${line("a")}\n`, "utf16le"),
    gzipSync(Buffer.from(`\ufeff${line("a")}\n`, "utf16le")),
    "a,b\nc,d\n",
    gzipSync(`a,b\nc,d\n${"e,f\n".repeat(100_000)}`),
    `[${line("a")}]\n[${line("b")}]`,
  ].map(fileOf);
  const open = (): string[] => readdirSync("/proc/self/fd");
  const leave = async (file: string): Promise<void> => {
    for await (const _ of readScorables(file)) return;
  };
  const before = open().length;
  for (const file of files) {
    await failing(file);
    await leave(file).catch(() => {});
  }
  expect(open().length).toBe(before);
});

describe("streams that fail", () => {
  it("a stream's error names the stream", async () => {
    async function* broken(): AsyncGenerator<string> {
      yield `${line("a")}\n`;
      throw new Error("the cable is out");
    }
    const error = await failing(Readable.from(broken()));
    expect(error).toMatchObject({
      name: "ArgsearchError",
      code: "FILE_UNREADABLE",
      message: expect.stringMatching(/^cannot read the stream: the cable is out/),
    });
  });

  it("a file's stream names it in its own words", async () => {
    const missing = join(folder, "missing.jsonl");
    const error = { code: "FILE_UNREADABLE", message: expect.stringMatching(`^cannot read the stream: .*${missing}`) };
    expect(await failing(createReadStream(missing))).toMatchObject(error);
  });

  it.each([
    ["destroyed", (stream: Readable) => void stream.destroy()],
    ["destroyed with an error", (stream: Readable) => void stream.on("error", () => {}).destroy(new Error("gone"))],
  ])("a stream that was %s", async (_name, end) => {
    const stream = Readable.from([line("a")]);
    end(stream);
    await new Promise((resolve) => setImmediate(resolve));
    expect(await failing(stream)).toMatchObject({ name: "ArgsearchError", message: expect.stringMatching(/the stream/) });
  });

  it("a stream that was read before", async () => {
    const stream = Readable.from([line("a")]);
    await read(stream);
    expect(await failing(stream)).toMatchObject({ name: "ArgsearchError", message: expect.stringMatching(/the stream/) });
  });

  it("a stream that ends without having ended, or is destroyed meanwhile", async () => {
    const stream = new PassThrough();
    stream.write(`${line("a")}\n`);
    setImmediate(() => stream.destroy());
    expect(await failing(stream)).toMatchObject({ name: "ArgsearchError", code: "FILE_UNREADABLE" });
  });

  it("a stream of objects, and what is no source", async () => {
    expect(await failing(Readable.from([{ text: "a" }]))).toMatchObject({
      code: "INPUT_INVALID",
      message: expect.stringMatching(/bytes or texts/),
    });
    expect(await failing(7 as never)).toMatchObject({ code: "OPTION_INVALID" });
    expect(await failing(undefined as never)).toMatchObject({ code: "OPTION_INVALID" });
  });
});
