/** What the site makes of the sources. The site itself is built by `npm run test:docs`. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ERROR_CODES } from "../../src/errors.js";
import { argsearch, root, startScript } from "../cli/run.js";

const read = (file: string) => readFileSync(join(root, file), "utf8");

it("docs/cli.md, docs/errors.md and docs/api.md are what the sources say", async () => {
  const { code, stderr } = await startScript("scripts/docs.mjs", ["--check"]).outcome;
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
}, 180_000); // a process a command, and typedoc

it.each([
  ["argsearch", "index", () => import("../../src/index.js")],
  ["argsearch/eval", "evaluate/index", () => import("../../src/evaluate/index.js")],
  ["argsearch/fit", "fit/index", () => import("../../src/fit/index.js")],
  ["argsearch/import", "import/index", () => import("../../src/import/index.js")],
  ["argsearch/bench", "bench/index", () => import("../../src/bench/index.js")],
  ["argsearch/ai-sdk", "ai-sdk/index", () => import("../../src/ai-sdk/index.js")],
  ["argsearch/server", "server/index", () => import("../../src/server/index.js")],
])("docs/api.md has all that %s exports, each once", async (name, source, load) => {
  const section = read("docs/api.md").split(`\n## ${name}\n`)[1]?.split("\n## ")[0] ?? "";
  const headings = [...section.matchAll(/^### (\w+)$/gm)].map(([, heading]) => heading);
  expect(new Set(headings).size).toBe(headings.length);
  const listed = [...read(`src/${source}.ts`).matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(([, names = ""]) => names.split(","));
  const names = listed.map((each) => each.trim().replace(/^.* as |^type /, "")).filter((each) => each !== "");
  const values = Object.keys(await load());
  expect(names.length).toBeGreaterThan(3);
  expect(headings).toEqual(expect.arrayContaining([...names, ...values]));
});

it("docs/api.md leads to its own headings alone", () => {
  const page = read("docs/api.md");
  const count = new Map<string, number>();
  const anchors = [...page.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => {
    const anchor = heading.toLowerCase().replace(/[^\w-]/g, "");
    const before = count.get(anchor) ?? 0;
    count.set(anchor, before + 1);
    return before === 0 ? anchor : `${anchor}-${before}`;
  });
  const links = [...page.matchAll(/\]\(#([^)]*)\)/g)].map(([, anchor = ""]) => anchor);
  expect(links.length).toBeGreaterThan(200);
  expect(links.filter((anchor) => !anchors.includes(anchor))).toEqual([]);
});

it("tells for every error code what it means and what to do, in the order of the list", () => {
  const rows = [...read("docs/errors.md").matchAll(/^\| (`.*) \| .{8,} \| .{8,} \|$/gm)];
  expect(rows.flatMap(([, names = ""]) => names.split(", ").map((name) => name.replaceAll("`", "")))).toEqual([...ERROR_CODES]);
});

it("has every flag of a command", async () => {
  const { stdout } = await argsearch(["reward", "fit", "--help"]);
  const flags = [...stdout.matchAll(/^ {2}(-.*?)(?: {2}|$)/gm)].map(([, flag]) => flag).filter((flag) => flag !== "-h, --help");
  const section = /^## argsearch reward fit$([\s\S]*?)^## /m.exec(read("docs/cli.md"))?.[1];
  expect(flags.length).toBeGreaterThan(10);
  expect([...(section?.matchAll(/^- `(.*?)`: \S/gm) ?? [])].map(([, flag]) => flag)).toEqual(flags);
});
