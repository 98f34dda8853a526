/** GitHub's workflows, as far as actionlint does not look (npm run scripts, pins, limits): it runs on CI, these everywhere. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { root } from "../cli/run.js";

interface Step {
  uses?: string;
  run?: string;
  with?: Record<string, unknown>;
}

interface Job {
  uses?: string;
  steps?: Step[];
  permissions?: Record<string, string>;
  environment?: string | { name: string };
  "timeout-minutes"?: number;
  strategy?: { matrix: Record<string, unknown> };
}

interface Workflow {
  on: Record<string, unknown>;
  permissions: Record<string, string>;
  jobs: Record<string, Job>;
}

const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: Record<string, string> };

const folder = join(root, ".github", "workflows");
const files = readdirSync(folder);
const sources = new Map(files.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
const workflows = new Map([...sources].map(([name, source]) => [name, parse(source) as Workflow]));
const jobs = [...workflows].flatMap(([file, workflow]) => Object.entries(workflow.jobs).map(([name, job]) => ({ file, name, job })));

/** npm's own commands and package.json's scripts that a shell line calls. */
function scriptsOf(line: string): string[] {
  const called = [...line.matchAll(/\bnpm (?:run (?:--silent )?"?([\w:$-]+)"?|(test)\b)/g)];
  return called.map(([, script, test]) => (script ?? test) as string);
}

describe("workflows", () => {
  it("are those that CONTRIBUTING.md tells of", () => {
    expect(files.sort()).toEqual(["ci.yml", "docs.yml", "prebuilds.yml", "release.yml", "weekly.yml"]);
    const contributing = readFileSync(join(root, "CONTRIBUTING.md"), "utf8");
    for (const file of files) expect(contributing).toContain(`\`${file}\``);
  });

  it("call scripts that package.json has", () => {
    const lines = jobs.flatMap(({ job }) => job.steps ?? []).flatMap(({ run }) => run ?? []);
    const called = [...lines, readFileSync(join(root, ".github", "prebuild-linux.sh"), "utf8")].flatMap(scriptsOf);
    const listed = jobs.flatMap(({ job }) => (job.strategy?.matrix.check as string[] | undefined) ?? []);
    expect(called).toEqual(expect.arrayContaining(["test", "lint", "prebuilds", "release-notes", "$CHECK"]));
    expect([...called, ...listed].filter((name) => name !== "$CHECK" && scripts[name] === undefined)).toEqual([]);
  });

  it("take actions by full commit, with the version beside it", () => {
    const uses = [...sources.values()].flatMap((source) => [...source.matchAll(/\buses: (.+)$/gm)].map(([, action = ""]) => action));
    const others = uses.filter((action) => !action.startsWith("./"));
    expect(others.length).toBeGreaterThan(10);
    expect(others.filter((action) => !/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(action))).toEqual([]);
    const own = uses.filter((action) => action.startsWith("./"));
    expect(own.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  it("may read the repository and nothing else, but for the jobs that publish", () => {
    for (const [file, { permissions }] of workflows) expect(permissions, file).toEqual({ contents: "read" });
    const more = jobs.filter(({ job }) => job.permissions !== undefined);
    expect(more.map(({ file, name, job }) => [file, name, job.permissions])).toEqual([
      ["docs.yml", "deploy", { pages: "write", "id-token": "write" }],
      ["release.yml", "publish", { contents: "read", "id-token": "write" }],
      ["release.yml", "github", { contents: "write" }],
    ]);
    expect([...sources.values()].join("\n")).not.toMatch(/\bsecrets\./);
  });

  it("end what hangs, and leave no credentials in a checkout", () => {
    const endless = jobs.filter(({ job }) => job.uses === undefined && job["timeout-minutes"] === undefined);
    expect(endless.map(({ file, name }) => `${file} ${name}`)).toEqual([]);
    const checkouts = jobs.flatMap(({ job }) => job.steps ?? []).filter(({ uses }) => uses?.startsWith("actions/checkout@"));
    expect(checkouts.length).toBeGreaterThan(5);
    for (const step of checkouts) expect(step.with).toMatchObject({ "persist-credentials": false });
  });

  it("build what the package has an addon for, and publish only what passed", () => {
    const matrices = jobs.filter(({ file }) => file === "prebuilds.yml").map(({ job }) => job.strategy?.matrix.include);
    const built = matrices.flatMap((include) => ((include ?? []) as { target: string }[]).map(({ target }) => target));
    const systems = ["darwin", "linux", "linuxmusl", "win32"];
    expect(built.sort()).toEqual(systems.flatMap((system) => [`${system}-arm64`, `${system}-x64`]));
    const release = workflows.get("release.yml") as Workflow;
    expect(release.on).toEqual({ push: { tags: ["v*"] } });
    expect(release.jobs.ci).toMatchObject({ uses: "./.github/workflows/ci.yml", needs: "ready" });
    expect(release.jobs.publish).toMatchObject({ needs: "ci", environment: "npm" });
  });
});
