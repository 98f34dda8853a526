/** Third-party notices: whole, current, and true of what ships. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "../cli/run.js";
import { script } from "./scripts.js";

const { noticesFault, notices, sectionsOf } = await script<{
  notices(): { text: string; kept: string[] };
  noticesFault(made?: { text: string }): string | undefined;
  sectionsOf(text: string): Map<string, string>;
}>("lib/notices.mjs");

const file = readFileSync(join(root, "THIRD_PARTY_NOTICES.md"), "utf8");

describe("THIRD_PARTY_NOTICES.md", () => {
  it("is what the licences here say", () => {
    expect(noticesFault()).toBeUndefined();
    expect(noticesFault({ text: `${file}\n` })).toMatch(/npm run notices/);
  });

  it("has a licence for each part, also for those that were written elsewhere", () => {
    const { kept } = notices();
    const sections = sectionsOf(file);
    const parts = ["llama.cpp and ggml", "node-addon-api", "node-api-headers", "Zig", "libc++, libc++abi and libunwind", "mingw-w64"];
    for (const title of [...kept, ...parts, "node-llama-cpp", "llamafile's sgemm", "JSON for Modern C++", "cpp-httplib"]) {
      expect(sections.get(title)?.length, title).toBeGreaterThan(800);
    }
  });
});

it("dist/ holds no code of others", () => {
  const bundles = (readdirSync(join(root, "dist"), { recursive: true }) as string[]).filter((name) => /\.c?js$/.test(name));
  const regions = bundles.flatMap((name) => [...readFileSync(join(root, "dist", name), "utf8").matchAll(/^\/\/#region (.+)$/gm)]);
  const origins = regions.map(([, origin = ""]) => origin);
  expect(origins.length).toBeGreaterThan(100);
  expect(origins.filter((origin) => !/^(src\/|\\0rolldown\/|package\.json$)/.test(origin))).toEqual([]);
});
