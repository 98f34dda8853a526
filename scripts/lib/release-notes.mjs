import { Failure } from "./run.mjs";

/** The section of a changelog that a tag is for: "## VERSION (YYYY-MM-DD)" and what follows. A Failure says what is not ready. */
export function releaseNotes(tag, { version, changelog }) {
  if (tag !== `v${version}`) throw new Failure(`The tag is ${tag}, but package.json has version ${version}: the tag must be v${version}.`);
  const sections = changelog.split(/^## /m).slice(1);
  const section = sections.find((each) => each.split(/\s/, 1)[0] === version);
  if (section === undefined) throw new Failure(`CHANGELOG.md has no section "## ${version} (YYYY-MM-DD)".`);
  const [heading, ...body] = section.split("\n");
  if (!/ \(\d{4}-\d{2}-\d{2}\)$/.test(heading)) {
    throw new Failure(`CHANGELOG.md's section "## ${heading}" has no date: it must be "## ${version} (YYYY-MM-DD)".`);
  }
  const notes = body.join("\n").trim();
  if (notes === "") throw new Failure(`CHANGELOG.md says nothing of ${version}.`);
  return notes;
}
