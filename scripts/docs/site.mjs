/** The site: typedoc over the staged pages and the sources of the public API. A warning of typedoc's is an error. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Application, Converter, KindRouter } from "typedoc";
import { Failure, root } from "../lib/run.mjs";
import { GROUPS, HOME, pages } from "./contents.mjs";
import { entryPoints } from "./entry-points.mjs";
import { DOCSTRINGS, nameModules, readingOptions, requireNoFaults } from "./sources.mjs";
import { stage } from "./stage.mjs";

const STAGED = join(root, ".cache", "site-pages");

/** Pages have the address of their file, whatever the menu calls them. */
class PageRouter extends KindRouter {
  getIdealBaseName(reflection) {
    return reflection.isDocument() ? `docs/${reflection.frontmatter.address}` : super.getIdealBaseName(reflection);
  }
}

/** Builds the site into `out`. @throws Failure when typedoc has anything to say */
export async function buildSite(out) {
  const found = pages();
  const entries = await entryPoints();
  const source = repositoryFile();
  stage(STAGED, found, HOME, source);
  const app = await Application.bootstrap({
    ...readingOptions(entries),
    router: "pages",
    includeVersion: true,
    readme: join(STAGED, HOME),
    projectDocuments: found.map(({ file }) => join(STAGED, file)),
    groupOrder: [GROUPS[0], "Modules", ...GROUPS.slice(1), "Classes", "Functions", "Interfaces", "*"],
    sort: ["alphabetical-ignoring-documents"],
    navigation: { includeGroups: true, includeCategories: false },
    headings: { readme: false, document: false },
    includeHierarchySummary: false,
    searchInComments: true,
    searchInDocuments: true,
    searchGroupBoosts: { [GROUPS[0]]: 2 },
    customCss: join(root, "scripts", "docs", "site.css"),
    favicon: join(root, "scripts", "docs", "favicon.svg"),
    highlightLanguages: [
      "bash",
      "console",
      "css",
      "dockerfile",
      "html",
      "javascript",
      "json",
      "jinja",
      "jsonc",
      "jsonl",
      "tsx",
      "typescript",
      "yaml",
    ],
    ...(source === undefined
      ? { disableSources: true }
      : { navigationLinks: { Source: source("README.md") }, sourceLinkTemplate: source("{path}#L{line}"), displayBasePath: root }),
    hideGenerator: true,
    treatWarningsAsErrors: true,
    validation: { ...DOCSTRINGS, invalidPath: true, rewrittenLink: true },
  });
  app.renderer.defineRouter("pages", PageRouter);
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => arrangeModules(project, entries), -1000); // when there are groups
  const project = await app.convert();
  if (project === undefined) throw new Failure("typedoc could not read the sources");
  app.validate(project);
  await app.generateDocs(project, out);
  requireNoFaults(app);
}

/** Modules are the API among the menu's groups. */
function arrangeModules(project, entries) {
  nameModules(project, entries);
  for (const group of project.groups) if (group.title === "Modules") group.title = "API";
}

/** The address of a file in the repository at this version, if package.json names a repository. */
function repositoryFile() {
  const { repository, version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const url = (typeof repository === "string" ? repository : repository?.url)?.replace(/^git\+/, "").replace(/\.git$/, "");
  return url?.startsWith("https://") ? (path) => `${url}/blob/v${version}/${path}` : undefined;
}
