/** A release is ready when tag, version and changelog agree. */
import { expect, it } from "vitest";
import { script } from "./scripts.js";

const { releaseNotes } = await script<{
  releaseNotes(tag: string, state: { version: string; changelog: string }): string;
}>("lib/release-notes.mjs");

const changelog =
  "# Changelog\n\n## 1.1.0 (unreleased)\n\nMore\n\n## 1.0.0 (2026-12-01)\n\nFixes\n- One\n\n## 0.9.0 (2026-11-01)\n\n## 0.8.0\n\nOld\n";

it("gives the section of the tag's version alone", () => {
  expect(releaseNotes("v1.0.0", { version: "1.0.0", changelog })).toBe("Fixes\n- One");
});

it("refuses what is not ready, saying what to mend", () => {
  const refuse = (version: string, tag = `v${version}`) => expect(() => releaseNotes(tag, { version, changelog }));
  refuse("1.0.0", "v1.0.1").toThrow("The tag is v1.0.1, but package.json has version 1.0.0: the tag must be v1.0.0.");
  refuse("1.1.0").toThrow('section "## 1.1.0 (unreleased)" has no date');
  refuse("2.0.0").toThrow('no section "## 2.0.0 (YYYY-MM-DD)"');
  refuse("0.9.0").toThrow("says nothing of 0.9.0");
  refuse("0.8.0").toThrow("has no date");
});
