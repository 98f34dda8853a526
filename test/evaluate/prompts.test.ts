import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { loadPrompts } from "../../src/evaluate/prompts.js";

const folder = mkdtempSync(join(tmpdir(), "argsearch-prompts-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function fileOf(content: string | Buffer): string {
  const path = join(folder, "prompts.jsonl");
  writeFileSync(path, content);
  return path;
}

const user = (content: string) => ({ role: "user", content });

describe("the prompts of an evaluation", () => {
  it("stand without answers, whatever ends their lines, in gzip and in an array alike", async () => {
    const records = [
      { prompt: "a\u2028b" },
      { messages: [user("c\u2029"), { role: "assistant", content: "d" }] },
      { prompt: [user("e"), { role: "assistant", content: "f" }, user("g")], messages: null },
    ];
    const lines = `${records.map((record) => JSON.stringify(record)).join("\n")}\n`;
    const found = await loadPrompts({ data: fileOf(lines) });
    expect(found.prompts).toEqual(["a\u2028b", [user("c\u2029")], records[2].prompt]);
    expect(found.badLines).toEqual([]);
    for (const content of [gzipSync(lines), JSON.stringify(records, null, 2)]) {
      expect(await loadPrompts({ data: fileOf(content) })).toEqual(found);
    }
  });

  it("stand without answers in a program, too, as messages and as conversations", async () => {
    const [question, answer] = [user("a"), { role: "assistant", content: "b" }];
    const tools = [{ type: "function" }];
    const data = [
      "a",
      [question, answer],
      { messages: [question, answer] },
      { messages: [question, answer], tools },
      { messages: "a", tools },
    ];
    const { prompts } = await loadPrompts({ data });
    expect(prompts).toEqual(["a", [question], { messages: [question] }, { messages: [question], tools }, { messages: "a", tools }]);
    await expect(loadPrompts({ data: [{ messages: [answer] }] })).rejects.toMatchObject({ code: "INPUT_INVALID", message: /data\[0\]/ });
  });

  it("lack a line that is nested too deeply, and no other", async () => {
    const deep = `{"prompt":"b","tools":${"[".repeat(3000)}${"]".repeat(3000)}}`;
    const { prompts, badLines } = await loadPrompts({ data: fileOf(`{"prompt":"a"}\n${deep}\n{"prompt":"c"}\n`) });
    expect(prompts).toEqual(["a", "c"]);
    expect(badLines).toMatchObject([{ number: 2, error: { code: "INPUT_INVALID" } }]);
  });

  it("may be of any number", async () => {
    const data = Array.from({ length: 200_000 }, () => "a");
    expect((await loadPrompts({ data })).prompts).toHaveLength(200_000);
    expect((await loadPrompts({ data, limit: 150_000 })).prompts).toHaveLength(150_000);
  });

  it.each(["", "\n\n", "[]", "[\n]\n"])("are missed in %j", async (content) => {
    await expect(loadPrompts({ data: fileOf(content) })).rejects.toMatchObject({ code: "INPUT_INVALID", message: /holds no prompt/ });
  });
});
