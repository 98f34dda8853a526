/** The texts of a Hugging Face directory are UTF-8, or the one that is not is named. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { convertOpt } from "../../src/import/index.js";
import { inspect } from "../../src/index.js";
import { randomOpt, writeOpt } from "../helpers/random-opt.js";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "argsearch-encodings-"));
  writeOpt(join(dir, "model"), randomOpt(5, 1));
  writeFileSync(join(dir, "model", "tokenizer_config.json"), "{}");
  writeFileSync(join(dir, "model", "chat_template.jinja"), "{{ messages[0].content }}\nü");
});
afterEach(() => rmSync(dir, { recursive: true }));

const convert = () => convertOpt({ model: join(dir, "model"), out: join(dir, "opt.gguf") });

it.each(["config.json", "vocab.json", "merges.txt", "tokenizer_config.json", "chat_template.jinja"])("%s", async (name) => {
  const path = join(dir, "model", name);
  const content = readFileSync(path, "utf8");
  for (const bytes of [Buffer.from(`${content}\n"\xfc"`, "latin1"), Buffer.from(`\ufeff${content}`, "utf16le")]) {
    writeFileSync(path, bytes);
    await expect(convert()).rejects.toMatchObject({ code: "INPUT_INVALID", message: expect.stringContaining(`${path} is not UTF-8`) });
    expect(readdirSync(dir)).toEqual(["model"]);
  }
  writeFileSync(path, `\ufeff${content}`);
  await convert();
  expect((await inspect(join(dir, "opt.gguf"))).chatTemplate).toBe("{{ messages[0].content }}\nü");
});
