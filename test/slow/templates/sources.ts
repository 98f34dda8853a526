/** The chat templates that llama.cpp and TRL ship, and jinja2: fetched once into .cache, never committed. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../../src/package-root.js";
import { llamaSource, python } from "../tools.js";

const TRL = "1.16.0";
const JINJA2 = "3.1.6";
const cache = join(packageRoot, ".cache");

export interface ChatTemplate {
  name: string;
  source: string;
}

/** What comes of rendering a template: a text, or why not. */
export type Rendered = { text: string; error?: undefined } | { text?: undefined; error: string };

export interface Sources {
  templates: ChatTemplate[];
  /** llama.cpp's source. */
  llama: string;
  /** One row a template, one column a set of values. */
  render(templates: readonly string[], values: readonly object[], now: readonly number[]): Rendered[][];
}

/** Undefined, with a warning, where something cannot be fetched. */
export function fetchSources(): Sources | undefined {
  try {
    const llama = llamaSource();
    const interpreter = jinja2();
    const folders = [join(llama, "models", "templates"), trl(interpreter)];
    const templates = folders.flatMap((folder) =>
      readdirSync(folder)
        .filter((name) => name.endsWith(".jinja"))
        .map((name) => ({ name, source: readFileSync(join(folder, name), "utf8") })),
    );
    return { templates, llama, render: (sources, values, now) => render(interpreter, { templates: sources, values, now }) };
  } catch (error) {
    console.warn(`not tested: ${(error as Error).message}`);
    return undefined;
  }
}

function render(interpreter: string, request: object): Rendered[][] {
  const script = join(packageRoot, "test", "slow", "templates", "render.py");
  const output = execFileSync(interpreter, ["-W", "ignore", script], {
    input: JSON.stringify(request),
    maxBuffer: 1 << 28,
    encoding: "utf8",
  });
  return JSON.parse(output) as Rendered[][];
}

/** A Python with jinja2 in an environment of its own. */
function jinja2(): string {
  const folder = join(cache, `jinja2-${JINJA2}`);
  const interpreter = join(folder, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
  const installed = join(folder, "installed");
  if (existsSync(installed)) return interpreter;
  quietly(python, ["-m", "venv", folder]);
  quietly(interpreter, ["-m", "pip", "install", "--quiet", `jinja2==${JINJA2}`]);
  mkdirSync(installed);
  return interpreter;
}

/** TRL's templates, out of its wheel. */
function trl(interpreter: string): string {
  const folder = join(cache, `trl-${TRL}`);
  const templates = join(folder, "trl", "chat_templates");
  if (existsSync(templates)) return templates;
  quietly(interpreter, ["-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, `trl==${TRL}`]);
  const wheel = readdirSync(folder).find((name) => name.endsWith(".whl"));
  quietly(interpreter, ["-m", "zipfile", "--extract", join(folder, wheel ?? "trl.whl"), folder]);
  return templates;
}

function quietly(program: string, args: readonly string[]): void {
  execFileSync(program, args, { stdio: ["ignore", "ignore", "pipe"] });
}
