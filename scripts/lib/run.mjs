import { spawnSync } from "node:child_process";
import { existsSync, realpathSync, renameSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = join(fileURLToPath(import.meta.url), "../../..");

/** A failure that its message explains: printed without a stack. */
export class Failure extends Error {}

/** Runs a program quietly and returns its output; on failure throws it all, or what `explain` makes of it. */
export function run(command, args, { cwd = root, env, explain } = {}) {
  const result = spawnSync(command, args, {
    cwd,
    env: { ...process.env, ...env },
    encoding: "utf8",
    maxBuffer: 1 << 28,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = result.error ? result.error.message : `${result.stdout}${result.stderr}`.trim();
  if (result.status !== 0) {
    throw new Failure(explain?.(output) ?? `${command} ${args.join(" ")} failed:\n${output}`);
  }
  return output;
}

/**
 * Runs npm: the one that runs this script when there is one, so that Windows needs no shell for npm.cmd. `purpose` opens
 * the message of a failure.
 */
export function npm(args, { purpose, ...options }) {
  const explain = (output) => `${purpose}: ${firstErrors(output)}`;
  const quiet = [...args, "--loglevel=error"];
  const cli = process.env.npm_execpath;
  // Elsewhere process.execPath may be an application, which would start a second time.
  const isNode = /^node/i.test(basename(process.execPath)) && process.versions.electron === undefined;
  if (cli?.endsWith(".js") && isNode) return run(process.execPath, [cli, ...quiet], { ...options, explain });
  if (process.platform === "win32") return run("cmd.exe", ["/d", "/c", "npm", ...quiet], { ...options, explain });
  return run("npm", quiet, { ...options, explain });
}

/** npm says what was wrong first, then how its commands are used and where its log is. */
function firstErrors(output) {
  const lines = output.split("\n").filter((line) => line.startsWith("npm error "));
  return lines.length === 0
    ? output
    : lines
        .slice(0, 4)
        .map((line) => line.slice("npm error ".length))
        .join("; ");
}

/** Runs the command of an installed package. */
export function runPackage(name, args, options) {
  const manifest = join(root, "node_modules", name, "package.json"); // which not every package exports
  const { bin } = createRequire(import.meta.url)(manifest);
  const file = typeof bin === "string" ? bin : Object.values(bin)[0];
  return run(process.execPath, [join(manifest, "..", file), ...args], options);
}

/** Names a piece of work on standard error, does it, and adds the time it took. */
export function step(title, work) {
  const start = performance.now();
  process.stderr.write(`${title} ... `);
  try {
    const result = work();
    process.stderr.write(`${((performance.now() - start) / 1000).toFixed(1)} s\n`);
    return result;
  } catch (error) {
    process.stderr.write("failed\n");
    throw error;
  }
}

/** Moves a finished folder into place in one rename; another process may have been faster. */
export function place(from, to) {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!existsSync(to)) throw error;
  }
}

/** Runs `body` when the script at `url` is the program, not an import. */
export async function main(url, body) {
  if (!process.argv[1] || realpathSync(process.argv[1]) !== fileURLToPath(url)) return;
  try {
    await body(process.argv.slice(2));
  } catch (error) {
    console.error(error instanceof Failure ? error.message : error);
    process.exitCode = 1;
  }
}
