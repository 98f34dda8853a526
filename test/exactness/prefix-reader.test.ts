/** What may follow texts that begin alike: branches, cuts and what is kept from call to call, held to texts that are computed whole. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { binding, type NativePrefixReader, type PrefixReaderOptions } from "../../src/engine/binding.js";
import { ARCHITECTURES, type ArchitectureName, architectureModel } from "../helpers/architectures.js";
import { SIXTY_TOKENS } from "../helpers/byte-vocabulary.js";
import { encodeGguf } from "../helpers/gguf-writer.js";
import { modelFolder } from "../helpers/model-folder.js";
import { loadNative, NATIVE_CONTEXT } from "../helpers/native.js";
import { nextLogProbs } from "../helpers/reference-llama.js";
import { largestDifference } from "../helpers/rounding.js";

const ERROR = 1e-4;
const WANTED = [3, 14, 41];
const { path, model } = modelFolder().write({ seed: 141 });
const scratch = mkdtempSync(join(tmpdir(), "argsearch-prefixes-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

async function withReader<T>(
  work: (read: (texts: readonly string[]) => Promise<number[][]>, reader: NativePrefixReader) => Promise<T>,
  { file = path, ...options }: Partial<PrefixReaderOptions> & { file?: string } = {},
): Promise<T> {
  const native = await loadNative(file);
  const reader = await binding().createPrefixReader({ ...NATIVE_CONTEXT, model: native, prefixes: 2, ...options });
  const read = async (texts: readonly string[]): Promise<number[][]> => {
    const asked = texts.map((text) => ({ tokens: tokensOf(text), wanted: Int32Array.from(WANTED) }));
    return (await reader.read(asked)).map((row) => [...row]);
  };
  try {
    return await work(read, reader);
  } finally {
    await reader.dispose();
    native.dispose();
  }
}

function tokensOf(text: string): Int32Array {
  return Int32Array.from(SIXTY_TOKENS.encode(text));
}

function reference(texts: readonly string[]): number[][] {
  return texts.map((text) => {
    const logProbs = nextLogProbs(model, [...tokensOf(text)]);
    return WANTED.map((token) => logProbs[token]);
  });
}

function expectSame(found: readonly number[][], wanted: readonly number[][], error = ERROR): void {
  expect(largestDifference(found.flat(), wanted.flat())).toBeLessThan(error);
}

const SHIP = "a tall ship sails at dawn. ";
/** Calls that go on, begin anew, repeat themselves, and have one text, equal ones, and one that is the beginning of others. */
const CALLS = [
  [`${SHIP}yes?`, `${SHIP}no?`, `${SHIP}not now?`],
  [`${SHIP}no, sir. aye?`, `${SHIP}no, sir. nay?`],
  ["no wind.", "no wind."],
  [`${SHIP}no, sir. aye!`],
  [`${SHIP}no`, `${SHIP}no, sir`, SHIP, `${SHIP}no, sir`],
  ["i", "a", "e"],
  [`${SHIP}yes?`, `${SHIP}no?`, `${SHIP}not now?`],
];

describe("read()", () => {
  it.each([{}, { prefixes: 1 }, { batchSize: 5 }, { prefixes: 4, contextSize: 64 }])("equals whole texts, with %o", async (options) => {
    await withReader(async (read) => {
      for (const texts of CALLS) expectSame(await read(texts), reference(texts));
    }, options);
  });

  it("takes more texts than there are branches, and than there are cells", async () => {
    const texts = Array.from({ length: 45 }, (_, at) => `${SHIP}${"abcdefghi"[at % 9]} ${"xyz".repeat(at % 5)} ${at}?`);
    await withReader(async (read) => expectSame(await read(texts), reference(texts)), { contextSize: 48 });
  });

  it.each(Object.keys(ARCHITECTURES) as ArchitectureName[])("equals a reader that has read nothing before, with %s", async (which) => {
    const file = join(scratch, `${which}.gguf`);
    writeFileSync(file, encodeGguf(architectureModel(which, 7)));
    const fresh: number[][][] = [];
    for (const texts of CALLS) {
      const rows: number[][] = [];
      for (const text of texts) rows.push(...(await withReader((read) => read([text]), { file })));
      fresh.push(rows);
    }
    await withReader(
      async (read) => {
        for (const [at, texts] of CALLS.entries()) expectSame(await read(texts), fresh[at] ?? []);
      },
      { file },
    );
  });

  it("refuses what it cannot read", async () => {
    await withReader(
      async (read, reader) => {
        expect(await read([])).toEqual([]);
        const refused = (tokens: number[], wanted: number[]) =>
          reader.read([{ tokens: Int32Array.from(tokens), wanted: Int32Array.from(wanted) }]);
        await expect(refused([], [1])).rejects.toMatchObject({ code: "PROMPT_EMPTY" });
        await expect(refused(Array(65).fill(1), [1])).rejects.toMatchObject({ code: "PROMPT_TOO_LONG" });
        await expect(refused([1, SIXTY_TOKENS.size], [1])).rejects.toMatchObject({ code: "OPTION_INVALID" });
        await expect(refused([1], [-1])).rejects.toMatchObject({ code: "OPTION_INVALID" });
        const cancel = binding().createCancel();
        cancel.cancel();
        await expect(reader.read([{ tokens: tokensOf(SHIP), wanted: Int32Array.of(1) }], cancel)).rejects.toMatchObject({
          code: "ABORTED",
        });
        expectSame(await read(CALLS[0]), reference(CALLS[0]));
      },
      { contextSize: 64 },
    );
  });
});

describe("what is decoded", () => {
  const decodedBy = async (reader: NativePrefixReader, work: () => Promise<unknown>): Promise<number> => {
    const before = reader.counters().tokens;
    await work();
    return reader.counters().tokens - before;
  };

  it("is what is new: the beginning once, what some texts share once, and nothing of it in the next call", async () => {
    await withReader(async (read, reader) => {
      const [beginning, so] = ["a tall ship sails", " at dawn"];
      const drafts = [", they say", " and dusk"];
      const questions = ["! is it so?", "! why?"];
      const texts = (start: string) => drafts.flatMap((draft) => questions.map((question) => start + draft + question));
      // Of each pair of questions the last characters alone are its own.
      const own = drafts.join("").length + drafts.length * ("! ".length + "is it so?".length + "why?".length);
      expect(await decodedBy(reader, () => read(texts(beginning)))).toBe(beginning.length + own);
      expect(await decodedBy(reader, () => read(texts(beginning + so)))).toBe(so.length + own);
      expect(await decodedBy(reader, () => read(texts(beginning + so)))).toBe(own);
    });
  });

  it("of another conversation leaves the first where it is", async () => {
    await withReader(async (read, reader) => {
      const [one, other] = [`${SHIP}the crew is aboard`, `${SHIP}i see no land at all, and no birds`];
      const ends = (start: string) => [`${start}?`, `${start}!`];
      await read(ends(one));
      expect(await decodedBy(reader, () => read(ends(other)))).toBe(other.length - SHIP.length + 2);
      expect(await decodedBy(reader, () => read(ends(one)))).toBe(2);
      expect(await decodedBy(reader, () => read(ends(other)))).toBe(2);
    });
  });
});
