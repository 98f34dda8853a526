/** Parts of `argsearch chat` that need neither a model nor a terminal. */
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { complete } from "../../src/cli/chat/completion.js";
import { fileNames } from "../../src/cli/chat/file-names.js";
import { SavedHistory } from "../../src/cli/chat/history.js";
import { type Message, MessageLines } from "../../src/cli/chat/message-lines.js";
import { PasteSplitter } from "../../src/cli/chat/pasted-text.js";
import { beside } from "../../src/cli/page/beside.js";
import { columnsOf, widthOf } from "../../src/cli/page/line.js";
import { wrap } from "../../src/cli/page/wrap.js";
import { scratch } from "./run.js";

const BEGIN = "\u001b[200~";
const END = "\u001b[201~";

afterEach(() => {
  vi.unstubAllEnvs();
});

describe("the paste splitter", () => {
  const keys = (text: string) => ({ text, pasted: false });
  const pasted = (text: string) => ({ text, pasted: true });
  /** Neighbouring keys joined: in how many pieces they come means nothing. */
  const split = (...chunks: string[]) => {
    const splitter = new PasteSplitter();
    const inputs = [...chunks.flatMap((chunk) => [...splitter.take(chunk)]), keys(splitter.flush())];
    const joined: typeof inputs = [];
    for (const each of inputs) {
      const last = joined.at(-1);
      if (last && !last.pasted && !each.pasted) last.text += each.text;
      else if (each.pasted || each.text) joined.push({ ...each });
    }
    return joined;
  };
  const stream = `a\u001b[A${BEGIN}one\rtwo\u001b[A${END}b${BEGIN}${END}\u001b`;
  const parts = [keys("a\u001b[A"), pasted("one\rtwo\u001b[A"), keys("b"), pasted(""), keys("\u001b")];

  it("tells keys from pastes, wherever the pieces end", () => {
    expect(split(stream)).toEqual(parts);
    expect(split(...stream)).toEqual(parts);
    for (let cut = 1; cut < stream.length; cut++) expect(split(stream.slice(0, cut), stream.slice(cut))).toEqual(parts);
  });

  it("holds back no more than what may become a mark", () => {
    const splitter = new PasteSplitter();
    expect([...splitter.take("x\u001b[2")]).toEqual([keys("x")]);
    expect(splitter.waits).toBe(true);
    expect([...splitter.take("D")]).toEqual([keys("\u001b[2D")]);
    expect(splitter.waits).toBe(false);
  });

  it("gives up a paste that never ends at Ctrl-C", () => {
    const splitter = new PasteSplitter();
    expect([...splitter.take(`${BEGIN}lost`)]).toEqual([]);
    expect([...splitter.take("\u0003")]).toEqual([keys("\u0003")]);
    expect([...splitter.take("x")]).toEqual([keys("x")]);
  });
});

describe("lines as messages", () => {
  const read = (...lines: [line: string, pasted?: boolean][]): (Message | undefined)[] => {
    const messages = new MessageLines();
    return lines.map(([line, pasted = false]) => messages.add(line, pasted));
  };

  it("are one each", () => {
    expect(read([" Hello. "], ["/help"])).toEqual([
      { text: "Hello.", plain: true, entry: "Hello." },
      { text: "/help", plain: true, entry: "/help" },
    ]);
  });

  it("belong together when they were pasted, and are no command then", () => {
    expect(read(["/a", true], ["  b", true], ["c"])).toEqual([
      undefined,
      undefined,
      { text: "/a\n  b\nc", plain: false, entry: "/a␤  b␤c" },
    ]);
    expect(read(["/help", true], [""])).toEqual([undefined, { text: "/help", plain: true, entry: "/help" }]);
  });

  it('belong together between """', () => {
    expect(read(['"""a'], [""], ['b"""'])).toEqual([undefined, undefined, { text: "a\n\nb", plain: false, entry: '"""a␤␤b"""' }]);
    expect(read(['"""'], ["/help"], ['"""'])[2]).toMatchObject({ text: "/help", plain: false });
    expect(read(['"""/help"""'])).toEqual([{ text: "/help", plain: false, entry: '"""/help"""' }]);
    expect(read(['say """'])).toEqual([{ text: 'say """', plain: true, entry: 'say """' }]);
  });

  it("come back from the history as they were", () => {
    for (const lines of [
      ["a", "b"],
      ['"""/x', 'y"""'],
    ]) {
      const first = read(...lines.map((line, at): [string, boolean] => [line, at === 0])).at(-1);
      expect(read([first?.entry ?? ""])).toEqual([first]);
    }
  });
});

describe("completion", () => {
  it("knows commands, what they take, and nothing of other lines", () => {
    expect(complete("/me")).toEqual([["/method "], "/me"]);
    expect(complete("/re")).toEqual([["/retry", "/reset", "/rewards "], "/re"]);
    expect(complete("/method s")).toEqual([["sample"], "s"]);
    expect(complete("/colours ")).toEqual([["on", "off"], ""]);
    expect(complete("/weight 0")).toEqual([[], "0"]);
    expect(complete("/constructor x")[0]).toEqual([]);
    expect(complete("Hello /me")[0]).toEqual([]);
  });

  it("finds files", async () => {
    const folder = await scratch();
    await mkdir(join(folder, "chats"));
    // A name that colours the terminal is possible everywhere but on Windows.
    const evil = process.platform === "win32" ? [] : ["chat\u001b[31m.json"];
    for (const name of ["a b.json", "chat.json", ".hidden", ...evil]) await writeFile(join(folder, name), "");
    expect(fileNames(`${folder}/`)).toEqual(["a b.json", "chat.json", "chats/"].map((name) => `${folder}/${name}`));
    expect(complete(`/load ${folder}/a `)).toEqual([[`${folder}/a b.json`], `${folder}/a `]);
    expect(complete(`/save! ${folder}/.h`)).toEqual([[`${folder}/.hidden`], `${folder}/.h`]);
    expect(fileNames(`${folder}/missing/`)).toEqual([]);
  });
});

describe("the history", () => {
  const open = (dir: string): SavedHistory => {
    vi.stubEnv("ARGSEARCH_CACHE_DIR", dir);
    return new SavedHistory();
  };

  it("lasts, is bounded, and is nobody else's", async () => {
    const dir = join(await scratch(), "new", "cache");
    const history = open(dir);
    for (let number = 0; number < 20; number++) history.add(`message ${number}`);
    history.add("message 19");
    await history.written();
    const file = join(dir, "chat-history");
    await writeFile(file, `${Array.from({ length: 5000 }, (_, number) => `old ${number}\n`).join("")}`);
    const later = open(dir);
    expect(later.entries).toHaveLength(1000);
    expect(later.entries[0]).toBe("old 4999");
    later.add("new");
    await later.written();
    const lines = (await readFile(file, "utf8")).split("\n");
    expect([lines.length, lines[0], lines.at(-2)]).toEqual([1001, "old 4001", "new"]);
    if (process.platform !== "win32") expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it("is shared by chats that run at the same time", async () => {
    const dir = await scratch();
    const [one, other] = [open(dir), open(dir)];
    one.add("one");
    await one.written();
    other.add("other");
    await other.written();
    expect(open(dir).entries).toEqual(["other", "one"]);
  });

  it("keeps no whole documents, and nothing that drives a terminal", async () => {
    const dir = await scratch();
    const history = open(dir);
    history.add("x".repeat(10_001));
    history.add("short");
    await history.written();
    expect(history.entries).toHaveLength(2);
    expect(open(dir).entries).toEqual(["short"]);
    await writeFile(join(dir, "chat-history"), "\u001b[31mred\n");
    expect(open(dir).entries).toEqual(["\ufffd[31mred"]);
  });

  it("may be impossible to keep", async () => {
    const file = join(await scratch(), "file");
    await writeFile(file, "");
    const history = open(file);
    history.add("x");
    await history.written();
    expect(history.entries).toEqual(["x"]);
  });
});

describe("pages", () => {
  const lines = (text: string, width: number) => wrap([{ text, reward: 1 }], width).map((line) => line.map((span) => span.text).join(""));

  it("count columns as a terminal does", () => {
    expect(["abc", "日本", "e\u0301", "한", "😀", "─│…", "ﬁ"].map(columnsOf)).toEqual([3, 4, 1, 2, 2, 3, 1]);
  });

  it("break at spaces, keep what a line is indented by, and tear words that are too long", () => {
    expect(lines("one two three", 8)).toEqual(["one two ", "three"]);
    expect(lines("if x:\r\n\treturn  y", 12)).toEqual(["if x:", "  return  y"]);
    expect(lines("日本語日本語", 5)).toEqual(["日本", "語日", "本語"]);
  });

  it("have two answers side by side, or one below the other", () => {
    const answer = (heading: string, text: string) => ({ heading, text: [{ text, reward: 0.5 }], figures: `of ${heading}` });
    const page = (width: number) =>
      beside([answer("a", "日本\nx\ny"), answer("b", "z")], { width, numbers: false }).map((line) =>
        line.map((span) => span.text).join(""),
      );
    expect(page(83).map((line) => line.trimEnd())).toEqual([
      `${"a".padEnd(40)} │ b`,
      `${"日本".padEnd(38)} │ z`,
      `${"x".padEnd(40)} │`,
      `${"y".padEnd(40)} │`,
      `${"of a".padEnd(40)} │ of b`,
    ]);
    expect(beside([answer("a", "日本"), answer("b", "z")], { width: 83, numbers: false }).every((line) => widthOf(line) <= 83)).toBe(true);
    expect(page(79)).toEqual(["a", "日本", "x", "y", "of a", "", "b", "z", "of b"]);
  });
});
