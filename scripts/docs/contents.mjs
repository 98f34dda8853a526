/**
 * The site's table of contents. A page that is not there is left out; one of docs/ that is not named here comes last in the guide.
 * Pages are called by their first heading, or by what stands here where that is too long for a menu.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { root } from "../lib/run.mjs";

const CONTENTS = {
  Guide: [
    "docs/getting-started.md",
    "docs/models.md",
    "docs/how-it-works.md",
    "docs/decoding.md",
    "docs/recipes.md",
    "docs/rewards.md",
    "docs/reward-models.md",
    "docs/chat-templates.md",
    "docs/evaluation.md",
    "docs/tuning.md",
    "docs/serving.md",
    "docs/playground.md",
    "docs/sdks.md",
    "docs/scaling.md",
    ["docs/engine.md", "Engine, GPUs, runtimes"],
    "docs/isolation.md",
    "docs/remote.md",
    "docs/shipping.md",
  ],
  Reference: ["docs/cli.md", ["docs/api.md", "API on one page"], "docs/errors.md", "docs/platforms.md", "docs/reliability.md"],
  Background: [
    "docs/benchmarks.md",
    ["docs/results/speed/report.md", "Speed: random models"],
    ["docs/results/speed-no-amx/report.md", "Speed: without AMX"],
    ["docs/results/speed-trained/report.md", "Speed: trained models"],
    "docs/results/README.md",
    ["docs/results/embedded/report.md", "Results: embedded pair"],
    ["docs/results/embedded-sweep/report.md", "Results: embedded pair, sweep"],
    ["docs/results/smollm2-guided/report.md", "Results: SmolLM2, linear head"],
    ["docs/results/smollm2-trained/report.md", "Results: SmolLM2, all weights trained"],
    ["docs/results/smollm2-lora/report.md", "Results: SmolLM2, trained by LoRA"],
    ["docs/results/smollm2-hh/report.md", "Results: SmolLM2 on HH-RLHF"],
    "docs/architecture.md",
    ["models/README.md", "The embedded models"],
    "training/README.md",
  ],
  Project: ["CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", ["THIRD_PARTY_NOTICES.md", "Third-party notices"]],
};

/** What begins the site, and is no page of a group. */
export const HOME = "README.md";

export const GROUPS = Object.keys(CONTENTS);

/** Every page that is there: { file, group, title, name }, in the order of the menu; `name` is that of its address. */
export function pages() {
  const named = Object.entries(CONTENTS).flatMap(([group, entries]) =>
    entries.map((entry) => (typeof entry === "string" ? { group, file: entry } : { group, file: entry[0], title: entry[1] })),
  );
  const known = new Set(named.map(({ file }) => file));
  const others = readdirSync(join(root, "docs"))
    .filter((name) => name.endsWith(".md") && !known.has(`docs/${name}`))
    .map((name) => ({ group: GROUPS[0], file: `docs/${name}` }));
  return [...named, ...others]
    .filter(({ file }) => existsSync(join(root, file)))
    .map(({ file, group, title = heading(file) }) => ({ file, group, title, name: addressName(file) }));
}

function heading(file) {
  const found = /^# (.+)$/m.exec(readFileSync(join(root, file), "utf8"));
  return found ? found[1].replaceAll("`", "") : basename(file, ".md");
}

/** "engine" of docs/engine.md, "results" of docs/results/README.md, "results-embedded" of docs/results/embedded/report.md. */
function addressName(file) {
  const path = file.replace(/^docs\//, "");
  return (/(README|report)\.md$/.test(path) ? dirname(path) : path.replace(/\.md$/, "")).replaceAll("/", "-").toLowerCase();
}
