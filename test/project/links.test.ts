/** Links of the Markdown that ships lead somewhere. */
import { describe, expect, it } from "vitest";
import { script } from "./scripts.js";

const { linkFaults, linksOf, packedFiles } = await script<{
  packedFiles(): string[];
  linkFaults(files: readonly string[], read?: (path: string) => string): string[];
  linksOf(markdown: string): string[];
}>("lib/links.mjs");

function faults(pages: Record<string, string>, others: readonly string[] = []): string[] {
  return linkFaults([...Object.keys(pages), ...others], (path) => pages[path] as string);
}

describe("the package", () => {
  const files = packedFiles();

  it("has no link that leads nowhere", () => {
    expect(files).toContain("README.md");
    expect(linkFaults(files)).toEqual([]);
  });

  it("tells what its licences and its security are", () => {
    for (const file of ["LICENSE", "SECURITY.md", "THIRD_PARTY_NOTICES.md"]) expect(files).toContain(file);
  });
});

describe("a link", () => {
  it("is any that Markdown has, outside code", () => {
    const page = [
      '[a](a.md) ![b](<b.svg> "title") [c][d]',
      "[d]: d.md",
      '<img alt="" src="e.png">',
      "`[no](no.md)` ``[no](no.md) ` ``",
      "```md",
      "[no](no.md)",
      "```",
    ];
    expect(linksOf(page.join("\n"))).toEqual(["a.md", "b.svg", "d.md", "e.png"]);
  });

  it("leads to a file or folder of the package, from where the page lies", () => {
    expect(faults({ "README.md": "[a](docs/a.md) [b](examples)", "docs/a.md": "[c](../README.md)" }, ["examples/b.mjs"])).toEqual([]);
    expect(faults({ "docs/a.md": "[a](b.md) [c](../README.md)" })).toEqual([
      "docs/a.md: b.md is not in the package: ship it, or link to the repository",
      "docs/a.md: ../README.md is not in the package: ship it, or link to the repository",
    ]);
  });

  it("leads to a heading that is there", () => {
    const page = "# One step\n\n## `load()`, again\n\n## Twice\n\n## Twice\n\n```sh\n# no heading\n```\n";
    const links = "[a](#one-step) [b](#load-again) [c](#twice-1)";
    expect(faults({ "a.md": page + links, "docs/b.md": "[a](../a.md#twice)" })).toEqual([]);
    expect(faults({ "a.md": `${page}[x](#no-heading)`, "docs/b.md": "[a](../a.md#thrice)" })).toEqual([
      "a.md: #no-heading names a heading that a.md does not have",
      "docs/b.md: ../a.md#thrice names a heading that a.md does not have",
    ]);
  });

  it("to the repository names a file of it", () => {
    const repository = "https://github.com/argsearch/argsearch/blob/main";
    expect(faults({ "a.md": `[a](${repository}/CONTRIBUTING.md) [b](https://example.com/none)` })).toEqual([]);
    expect(faults({ "a.md": `[a](${repository}/none.md)` })).toEqual([
      `a.md: ${repository}/none.md names a file that the repository does not have`,
    ]);
  });
});
