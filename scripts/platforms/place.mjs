// Where checks work: a temporary folder, the tarball, projects that have it installed, and what the other platforms are compared with.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { Failure, npm, root } from "../lib/run.mjs";
import { fault } from "./check.mjs";
import { compare } from "./compare.mjs";
import { ending, execute, succeed } from "./execute.mjs";

/** Of the package's checks: they are copied beside the package, so that they see what a user's program sees. */
const PROGRAMS = ["decode.cjs", "module.mjs", "common.cjs", "faults.mjs"];

const HOST = { os: process.platform, cpu: process.arch, libc: "glibc" };

export class Place {
  /** One that is asked for twice is made once. */
  #made = new Map();
  #orders = 0;

  /** `folder` is removed by close(). */
  constructor(tarball) {
    this.folder = mkdtempSync(join(tmpdir(), "argsearch-platforms-"));
    this.tarball = join(this.folder, basename(tarball)); // Yarn 1 takes what it took from that path before
    cpSync(tarball, this.tarball);
  }

  close() {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }

  once(key, make) {
    if (!this.#made.has(key)) this.#made.set(key, make());
    return this.#made.get(key);
  }

  /** An empty project, with the programs of test/platforms in it. */
  project(name, manifest = {}) {
    const folder = join(this.folder, name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "app", version: "1.0.0", private: true, ...manifest }));
    for (const program of PROGRAMS) cpSync(join(root, "test", "platforms", program), join(folder, program));
    return folder;
  }

  /** The tarball's files. */
  unpacked() {
    return this.once("unpacked", async () => {
      const folder = join(this.folder, "unpacked");
      mkdirSync(folder);
      await succeed("tar", ["-xzf", this.tarball, "-C", folder]);
      return join(folder, "package");
    });
  }

  /** The path of a platform's binary in the tarball. A Failure says that there is none. */
  async binary(platform, name) {
    const path = join(await this.unpacked(), "prebuilds", platform, name);
    if (!existsSync(path)) throw fault(`the tarball has no prebuilds/${platform}/${name}`, { built: "no" });
    return path;
  }

  /** A project that npm has installed the package in as on another platform: with that platform's engine. */
  installed({ os, cpu, libc } = HOST) {
    const name = ["app", os, cpu, ...(os === "linux" ? [libc] : [])].join("-");
    return this.once(name, async () => {
      const folder = this.project(name);
      const target = [`--os=${os}`, `--cpu=${cpu}`, ...(os === "linux" ? [`--libc=${libc}`] : [])];
      const args = ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", ...target, this.tarball];
      npm(args, { cwd: folder, purpose: `npm installs the package as on ${os}-${cpu}` });
      return folder;
    });
  }

  /** F32 copies of the embedded pair, whose numbers differ between processors by rounding alone: load()'s options. */
  f32() {
    return this.once("f32", async () => {
      const models = join(await this.unpacked(), "models");
      const copies = {};
      for (const name of ["policy", "reward"]) {
        copies[name] = join(this.folder, `${name}-f32.gguf`);
        const program = join("test", "platforms", "f32.ts");
        await succeed(process.execPath, ["--import", "tsx", program, join(models, `${name}.gguf`), copies[name]], { cwd: root });
      }
      return copies;
    });
  }

  /** What this machine decodes: `load` are load()'s options, the embedded pair without any; `more` goes into the order. */
  reference(load = {}, more = {}) {
    return this.once(`reference ${JSON.stringify([load, more])}`, async () => {
      const program = { command: process.execPath, args: ["module.mjs"], cwd: await this.installed() };
      const { report } = await this.decode(program, load, more);
      if (report.error !== undefined) throw new Failure(`this machine decodes nothing to compare with: ${report.error.message}`);
      return report;
    });
  }

  /**
   * Has a program of test/platforms decode and returns its report, with how it ended. `program` = { command, args, cwd, env, limitMs,
   * entry }: the order's path, from `cwd`, follows the arguments, then what the package is called.
   */
  async decode({ command, args, cwd, env, limitMs, entry }, load = {}, more = {}) {
    this.#orders += 1;
    const [order, out] = [`order-${this.#orders}.json`, `report-${this.#orders}.json`];
    writeFileSync(join(cwd, order), JSON.stringify({ out, load, ...more }));
    const words = [...args, order, ...(entry === undefined ? [] : [entry])];
    const result = await execute(command, words, { cwd, env, limitMs });
    const path = join(cwd, out);
    const report = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : { error: { message: ending(result) } };
    return { report, result };
  }

  /** Decodes and compares with this machine. */
  async decodeAlike(program, load = {}, more = {}) {
    const reference = await this.reference(load, more);
    const { report, result } = await this.decode(program, load, more);
    return compare(report, reference, result);
  }
}
