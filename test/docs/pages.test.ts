/** What the site makes of the sources. The site itself is built by `npm run test:docs`. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ERROR_CODES } from "../../src/errors.js";
import { argsearch, root, startScript } from "../cli/run.js";

const read = (file: string) => readFileSync(join(root, file), "utf8");

it("docs/cli.md and docs/errors.md are what the sources say", async () => {
  const { code, stderr } = await startScript("scripts/docs.mjs", ["--check"]).outcome;
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
}, 180_000); // a process a command

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
