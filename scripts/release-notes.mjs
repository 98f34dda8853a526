// Prints what CHANGELOG.md says of a release, and refuses one that is not ready: its tag must be the package's version, and have a date.
//   node scripts/release-notes.mjs v0.1.0
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { releaseNotes } from "./lib/release-notes.mjs";
import { Failure, main, root } from "./lib/run.mjs";

await main(import.meta.url, ([tag]) => {
  if (tag === undefined) throw new Failure("usage: npm run release-notes -- TAG");
  const read = (name) => readFileSync(join(root, name), "utf8");
  console.log(releaseNotes(tag, { version: JSON.parse(read("package.json")).version, changelog: read("CHANGELOG.md") }));
});
