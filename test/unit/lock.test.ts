import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { type Holder, isRunning, ownHolder, startByPs } from "../../src/files/holder.js";
import { lockDirectory, lockFile } from "../../src/files/lock.js";
import { bundle } from "../helpers/bundle.js";

/** No process has this number. */
const NOBODY = 2 ** 22 + 1;
const isLinux = process.platform === "linux";
const contender = fileURLToPath(new URL("../helpers/contender.mjs", import.meta.url));

let library: string;
beforeAll(async () => {
  library = await bundle("lock", "src/files/lock.ts");
});

let dir: string;
let lock: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "argsearch-lock-"));
  lock = join(dir, "lock");
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** A process that takes locks as it is told. */
class Contender {
  readonly child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(command: string, args: readonly string[]) {
    this.child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
    if (this.child.stdout === null) throw new Error("no output");
    this.#lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
    onTestFinished(() => void this.child.kill("SIGKILL"));
  }

  static async start(fatal = ""): Promise<Contender> {
    const started = new Contender(process.execPath, [contender, library, fatal]);
    await started.next();
    return started;
  }

  /** Undefined when it has died, which is later than the end of what it prints. */
  async next(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done && this.child.exitCode === null && this.child.signalCode === null) await once(this.child, "exit");
    return value;
  }

  /** "won", or why not; undefined when it died over it. */
  tell(order: { take?: string; at?: number }): Promise<string> {
    this.child.stdin?.write(`${JSON.stringify(order)}\n`);
    return this.next();
  }

  async end(how: NodeJS.Signals | number): Promise<void> {
    const gone = new Promise((resolve) => this.child.once("exit", resolve));
    if (typeof how === "number") this.child.stdin?.write(`${JSON.stringify({ exit: how })}\n`);
    else this.child.kill(how);
    await gone;
  }
}

/** What a process of this machine leaves when it dies. */
async function stale(change: Partial<Holder> = {}): Promise<string> {
  return JSON.stringify({ ...(await ownHolder()), pid: NOBODY, thread: NOBODY, ...change });
}

async function expectTaken(): Promise<void> {
  const unlock = await lockDirectory(dir);
  await unlock();
  expect(readdirSync(dir)).toEqual([]);
}

async function expectBusy(message: string | RegExp = ""): Promise<void> {
  await expect(lockDirectory(dir)).rejects.toMatchObject({ code: "BUSY", message: expect.stringMatching(message) });
}

describe("a lock", () => {
  it("lets one in, and the next one when that has left", async () => {
    const unlock = await lockDirectory(dir);
    await expectBusy(`${dir} is in use by process ${process.pid} on ${hostname()}: .*another directory.* remove ${lock}`);
    await unlock();
    await unlock();
    await expectTaken();
  });

  it("of a file lies beside it", async () => {
    const unlock = await lockFile(join(dir, "a"));
    await expect(lockFile(join(dir, "a"))).rejects.toMatchObject({ code: "BUSY", message: expect.stringContaining("another file") });
    await (await lockFile(join(dir, "b")))();
    expect(readdirSync(dir)).toEqual(["a.lock"]);
    await unlock();
    expect(readdirSync(dir)).toEqual([]);
  });

  it("needs a place to be", async () => {
    const nowhere = {
      code: "FILE_UNWRITABLE",
      message: expect.stringMatching(/^cannot write \/nowhere\/a: ENOENT.*'\/nowhere\/a\.lock'$/),
    };
    await expect(lockFile("/nowhere/a")).rejects.toMatchObject(nowhere);
  });

  it("is given back only by who has it", async () => {
    const unlock = await lockDirectory(dir);
    writeFileSync(lock, "of another");
    await unlock();
    expect(readFileSync(lock, "utf8")).toBe("of another");
  });

  it("works where a file cannot have two names", async () => {
    writeFileSync(lock, await stale());
    const [first, second] = await Promise.all([Contender.start("no linkSync"), Contender.start("no linkSync")]);
    expect(await first.tell({ take: dir })).toBe("won");
    expect(await second.tell({ take: dir })).toContain("BUSY");
    expect(readdirSync(dir)).toEqual(["lock"]);
    await first.tell({});
    expect(await second.tell({ take: dir })).toBe("won");
  });

  it("keeps out another process, and lets it in once its holder was killed, or exits", async () => {
    const [first, second] = await Promise.all([Contender.start(), Contender.start()]);
    expect(await first.tell({ take: dir })).toBe("won");
    expect(await second.tell({ take: dir })).toContain(`BUSY ${dir} is in use by process ${first.child.pid}`);
    await first.end("SIGKILL");
    expect(readdirSync(dir)).toEqual(["lock"]);
    expect(await second.tell({ take: dir })).toBe("won");
    await second.end(3);
    expect(readdirSync(dir)).toEqual([]);
  });
});

describe("a race", () => {
  it.each<[string, () => Promise<string> | undefined]>([
    ["for a lock that nobody has", () => undefined],
    ["for the lock of a dead process", () => stale()],
    ["for a lock that was never finished", async () => ""],
  ])("%s is won by one", async (_what, content) => {
    const contenders = await Promise.all(Array.from({ length: 4 }, () => Contender.start()));
    for (let round = 0; round < 40; round++) {
      const take = join(dir, String(round));
      mkdirSync(take);
      const left = await content();
      if (left !== undefined) writeFileSync(join(take, "lock"), left);
      if (left === "") utimesSync(join(take, "lock"), 1e9, 1e9);
      const at = Date.now() + 5;
      const said = await Promise.all(contenders.map((each) => each.tell({ take, at })));
      expect(said.map((each) => each.split(" ")[0]).sort()).toEqual(["BUSY", "BUSY", "BUSY", "won"]);
      expect(readdirSync(take)).toEqual(["lock"]);
      await contenders[said.indexOf("won")]?.tell({});
      expect(readdirSync(take)).toEqual([]);
    }
  });

  it("goes on when the one who takes a dead process's place dies over it", async () => {
    writeFileSync(lock, await stale());
    // As it takes the right to it, as it makes use of that, and between the two.
    for (const fatal of ["renameSync", "renameSync", "rmSync", "renameSync", "rmSync"]) {
      const dying = await Contender.start(fatal);
      expect(await dying.tell({ take: dir })).toBeUndefined();
    }
    expect(readdirSync(dir).length).toBeGreaterThan(5);
    await expectTaken();
  });
});

describe("a lock counts for nothing", () => {
  it("when its process is gone, also one of version 0.1.0", async () => {
    for (const left of [await stale(), JSON.stringify({ pid: NOBODY, host: hostname() })]) {
      writeFileSync(lock, left);
      await expectTaken();
    }
  });

  it.runIf(isLinux)("when its process's number has been given to another", async () => {
    writeFileSync(lock, JSON.stringify({ ...(await ownHolder()), started: "1" }));
    await expectTaken();
  });

  it.runIf(isLinux)("when the machine was started again since", async () => {
    writeFileSync(lock, JSON.stringify({ ...(await ownHolder()), boot: "another" }));
    await expectTaken();
    writeFileSync(lock, JSON.stringify({ pid: process.pid, host: hostname() }));
    utimesSync(lock, 1e9, 1e9);
    await expectTaken();
  });

  it.runIf(isLinux)("when its process was killed and nobody has noticed", async () => {
    const program = `import(${JSON.stringify(library)}).then(({ lockDirectory }) => lockDirectory(${JSON.stringify(dir)})); setInterval(() => {}, 1000);`;
    // A shell that becomes "sleep" has a child that nobody waits for, as where process 1 of a container is an ordinary program.
    const parent = spawn("sh", ["-c", '"$0" -e "$1" & exec sleep 60', process.execPath, program]);
    onTestFinished(() => void parent.kill("SIGKILL"));
    await expect.poll(() => existsSync(lock) && readFileSync(lock, "utf8")).toContain("nonce");
    const { pid } = JSON.parse(readFileSync(lock, "utf8")) as Holder;
    await expectBusy(`process ${pid}`);
    process.kill(pid, "SIGKILL");
    await expect.poll(() => readFileSync(`/proc/${pid}/stat`, "utf8")).toMatch(/\) Z /);
    expect(process.kill(pid, 0)).toBe(true);
    await expectTaken();
  });

  it("when its process died before it had written all of it, or removed what it wrote that in", async () => {
    for (const fatal of ["rmSync", "rmSync"]) expect(await (await Contender.start(fatal)).tell({ take: dir })).toBeUndefined();
    expect(readdirSync(dir).length).toBeGreaterThan(1);
    await expectTaken();
  });

  it("when it was never finished, and is not about to be", async () => {
    for (const left of ["", "\0\0\0"]) {
      writeFileSync(lock, left);
      await expectBusy(/in use by another process/);
      utimesSync(lock, 1e9, 1e9);
      await expectTaken();
    }
  });

  it.runIf(isLinux)("when its worker was ended, though the process lives", async () => {
    const program = `
      import(${JSON.stringify(library)}).then(async ({ lockDirectory }) => {
        await lockDirectory(${JSON.stringify(dir)});
        require("node:worker_threads").parentPort.postMessage("won");
        setInterval(() => {}, 1000);
      });`;
    const worker = new Worker(program, { eval: true });
    await new Promise((resolve) => worker.once("message", resolve));
    await expectBusy();
    await worker.terminate();
    await expectTaken();
  });
});

describe("a lock is left alone", () => {
  it("when its process is on another machine", async () => {
    writeFileSync(lock, await stale({ host: "elsewhere", boot: "another" }));
    await expectBusy(`process ${NOBODY} on elsewhere.* If it is gone, remove`);
  });

  it.runIf(isLinux)("when its process is in another container of this machine", async () => {
    writeFileSync(lock, await stale({ namespace: "pid:[1]" }));
    await expectBusy();
  });

  it("when it is none", async () => {
    for (const content of ["mine", "{}", '{"pid":"x","host":1}', "null"]) {
      writeFileSync(lock, content);
      utimesSync(lock, 1e9, 1e9);
      await expectBusy(`remove ${lock}`);
      expect(readFileSync(lock, "utf8")).toBe(content);
    }
  });
});

describe.runIf(existsSync("/bin/ps"))("by ps, where there is no /proc", () => {
  it("tells processes apart", async () => {
    const start = await startByPs(process.pid);
    expect(Date.parse(`${start} UTC`)).toBeGreaterThan(Date.now() - 3_600_000);
    expect(await startByPs(process.pid)).toBe(start);
    expect(await startByPs(NOBODY)).toBeNull();
    expect(await isRunning({ pid: process.pid, host: hostname() }, Date.now())).toBe(true);
  });
});
