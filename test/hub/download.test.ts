/** Files of the Hub onto this disk: redirects, ranges, what is torn, late or wrong, and two who want the same. */
import { fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { localModels } from "../../src/hub/local-model.js";
import type { ModelDownload } from "../../src/types.js";
import { COMMIT, gitHash, OTHER_COMMIT, sha256 } from "../helpers/hub-server.js";
import { expectContent, failure, MODEL, NAME, placesIn, resolve } from "./owner-repo.js";
import { hubSetting } from "./setting.js";

vi.mock("../../src/remote/again.js", async (original) => ({ ...(await original<object>()), ownWait: () => 1 }));

const setting = hubSetting();
const { repoFolder, pathOf, blob, ranges } = placesIn(setting);

describe("a model that is not there yet", () => {
  it("lies where huggingface_hub would have put it", async () => {
    setting.server.add("owner/repo", { "README.md": "hello", "sub/m-Q8_0.gguf": MODEL });
    expect(await resolve()).toBe(pathOf("sub/m-Q8_0.gguf"));
    expectContent(pathOf("sub/m-Q8_0.gguf"), MODEL);
    expect(readlinkSync(pathOf("sub/m-Q8_0.gguf"))).toBe(join("..", "..", "..", "blobs", sha256(MODEL)));
    expect(readFileSync(join(repoFolder(), "refs", "main"), "utf8")).toBe(COMMIT);
    expect(readdirSync(join(repoFolder(), "blobs"))).toEqual([sha256(MODEL)]);
    expect(readdirSync(join(setting.home, "hub")).sort()).toEqual([".locks", "models--owner--repo"]);
    expect(readdirSync(join(setting.home, "hub", ".locks", "models--owner--repo"))).toEqual([]);
  });

  it("is asked for once; then only what the branch stands at is", async () => {
    setting.server.add("owner/repo", { "m.gguf": MODEL });
    await resolve();
    expect(setting.server.seen.map(({ at, url }) => `${at} ${url.replace(/\?.*/, "")}`)).toEqual([
      "hub /api/models/owner/repo/revision/main",
      `hub /api/models/owner/repo/tree/${COMMIT}`,
      `hub /owner/repo/resolve/${COMMIT}/m.gguf`,
      `storage /blobs/${sha256(MODEL)}`,
    ]);
    setting.server.seen.length = 0;
    expect(await resolve()).toBe(pathOf("m.gguf"));
    expect(setting.server.seen.map(({ url }) => url.replace(/\?.*/, ""))).toEqual(["/api/models/owner/repo/revision/main"]);
    setting.server.seen.length = 0;
    await resolve(`${NAME}/m.gguf@${COMMIT}`);
    expect(setting.server.seen).toEqual([]);
  });

  it("is asked for plainly, never compressed", async () => {
    setting.server.add("owner/repo", { "m.gguf": MODEL });
    await resolve();
    expect(new Set(setting.server.seen.map(({ encoding }) => encoding))).toEqual(new Set(["identity"]));
  });

  it("comes in all its parts, of a list of several pages", async () => {
    const [one, two] = [randomBytes(1000), randomBytes(2000)];
    setting.server.pageSize = 1;
    setting.server.add("owner/repo", { a: "1", "m-00001-of-00002.gguf": one, b: "2", "m-00002-of-00002.gguf": two });
    const seen: ModelDownload[] = [];
    expect(await resolve(NAME, { onProgress: (download: ModelDownload) => seen.push(download) })).toBe(pathOf("m-00001-of-00002.gguf"));
    expectContent(pathOf("m-00002-of-00002.gguf"), two);
    expect(seen.at(-1)).toEqual({ file: "owner/repo/m-00002-of-00002.gguf", bytes: 3000, total: 3000 });
    const bytes = seen.map((each) => each.bytes);
    expect(bytes).toEqual([...bytes].sort((a, b) => a - b));
    expect(setting.server.asked(/tree/)).toHaveLength(4);
  });

  it("of a new commit: a file that is the same is not fetched again, and one that changed is", async () => {
    const repo = setting.server.add("owner/repo", { "m-Q4_0.gguf": MODEL, "n.gguf": "old" });
    await resolve(`${NAME}/m-Q4_0.gguf`);
    await resolve(`${NAME}/n.gguf`);
    repo.refs.main = OTHER_COMMIT;
    repo.files["n.gguf"] = Buffer.from("new");
    setting.server.seen.length = 0;
    const onProgress = vi.fn();
    expect(await resolve(`${NAME}/m-Q4_0.gguf`, { onProgress })).toBe(pathOf("m-Q4_0.gguf", OTHER_COMMIT));
    expect(onProgress).not.toHaveBeenCalled();
    expect(ranges()).toHaveLength(0);
    expect(readFileSync(await resolve(`${NAME}/n.gguf`), "utf8")).toBe("new");
    expect(readFileSync(pathOf("n.gguf"), "utf8")).toBe("old");
    expect(readFileSync(join(repoFolder(), "refs", "main"), "utf8")).toBe(OTHER_COMMIT);
  });

  it("of a tag or a pull request", async () => {
    setting.server.add("owner/repo", { "m.gguf": MODEL }, { refs: { main: COMMIT, "v1.0": OTHER_COMMIT, "refs/pr/1": OTHER_COMMIT } });
    expect(await resolve(`${NAME}@v1.0`)).toBe(pathOf("m.gguf", OTHER_COMMIT));
    await resolve(`${NAME}@refs/pr/1`);
    expect(readFileSync(join(repoFolder(), "refs", "refs", "pr", "1"), "utf8")).toBe(OTHER_COMMIT);
    expect(setting.server.asked(/revision\/refs%2Fpr%2F1/)).toHaveLength(1);
  });

  it("that is small is checked by git's hash", async () => {
    // A list may hold GGUF files that are in no large file storage.
    setting.server.add("owner/repo", { "m.GGUF": MODEL });
    expectContent(await resolve(), MODEL);
    expect(readdirSync(join(repoFolder(), "blobs"))).toEqual([gitHash(MODEL)]);
  });

  it("a path is no name, and nothing is asked", async () => {
    expect(await resolve("model.gguf")).toBe("model.gguf");
    expect(await localModels([{ option: "policy", name: "/a/b.gguf" }])).toEqual([{ path: "/a/b.gguf", snapshot: undefined }]);
    expect(setting.server.seen).toEqual([]);
  });

  it("of several, none is fetched before all are known to be there", async () => {
    setting.server.add("owner/repo", { "m.gguf": MODEL });
    const models = [NAME, "hf:owner/other"].map((name) => ({ option: "policy", name }));
    expect((await failure(localModels(models))).code).toBe("HUB_NOT_FOUND");
    expect(existsSync(blob())).toBe(false);
  });
});

describe("a download that is torn", () => {
  it("goes on where it stopped", async () => {
    setting.server.add("owner/repo", { "m.gguf": MODEL });
    setting.server.faults.push({ of: /storage/, tearAt: 100_000 }, { of: /storage/, tearAt: 50_000 });
    expectContent(await resolve(), MODEL);
    expect(ranges()).toEqual([undefined, "bytes=100000-", "bytes=150000-"]);
  });

  it("goes on in a later call", async () => {
    setting.server.add("owner/repo", { "m.gguf": MODEL });
    setting.server.faults.push({ of: /storage/, tearAt: 100_000 }, ...Array.from({ length: 5 }, () => ({ of: /storage/, tearAt: 0 })));
    const { code, message } = await failure(resolve());
    expect(code).toBe("HUB_FAILED");
    expect(message).toMatch(/owner\/repo\/m\.gguf broke off at 100000 of 300000 bytes .*the same call goes on from there/);
    expectContent(`${blob()}.incomplete`, MODEL.subarray(0, 100_000));
    setting.server.seen.length = 0;
    const seen: number[] = [];
    expectContent(await resolve(NAME, { onProgress: ({ bytes }: ModelDownload) => seen.push(bytes) }), MODEL);
    expect(ranges()).toEqual(["bytes=100000-"]);
    expect(seen[0]).toBe(100_000);
    expect(existsSync(`${blob()}.incomplete`)).toBe(false);
  });

  it("starts over where the server does not know of ranges", async () => {
    setting.server.add("owner/repo", { "m.gguf": MODEL });
    setting.server.faults.push({ of: /storage/, tearAt: 100_000 }, { of: /storage/, ignoreRange: true });
    expectContent(await resolve(), MODEL);
  });

  it("does not wait for ever on a connection that stands still", async () => {
    vi.stubEnv("HF_HUB_DOWNLOAD_TIMEOUT", "0.1");
    setting.server.add("owner/repo", { "m.gguf": MODEL });
    setting.server.faults.push({ of: /storage/, hangAt: 1000 });
    expectContent(await resolve(), MODEL);
    expect(ranges()).toEqual([undefined, "bytes=1000-"]);
  });

  it("waits for a network that is gone for a while", async () => {
    setting.server.add("owner/repo", { "m.gguf": MODEL });
    setting.server.faults.push({ of: /storage/, tearAt: 100_000 }, ...Array.from({ length: 3 }, () => ({ of: /storage/, drop: true })));
    expectContent(await resolve(), MODEL);
    expect(ranges()).toHaveLength(5);
  });

  it("of another file is not gone on with: what came has another hash", async () => {
    setting.server.add("owner/repo", { "m.gguf": MODEL });
    mkdirSync(dirname(blob()), { recursive: true });
    writeFileSync(`${blob()}.incomplete`, randomBytes(5000));
    expectContent(await resolve(), MODEL);
    expect(ranges()).toEqual(["bytes=5000-", undefined]);
  });

  it("or is longer than the file", async () => {
    setting.server.add("owner/repo", { "m.gguf": MODEL });
    mkdirSync(dirname(blob()), { recursive: true });
    writeFileSync(`${blob()}.incomplete`, randomBytes(MODEL.length + 1));
    expectContent(await resolve(), MODEL);
  });
});

it("wrong bytes are not kept", async () => {
  setting.server.add("owner/repo", { "m.gguf": MODEL });
  setting.server.faults.push({ of: /storage/, falsify: true });
  expect(await failure(resolve())).toMatchObject({
    code: "HUB_FAILED",
    message: expect.stringMatching(/another hash than the Hub says, and was removed/),
  });
  expect(readdirSync(join(repoFolder(), "blobs"))).toEqual([]);
  expect(existsSync(pathOf("m.gguf"))).toBe(false);
});

describe("a signal", () => {
  it("ends a download, and what has come stays", async () => {
    setting.server.add("owner/repo", { "m.gguf": MODEL });
    setting.server.faults.push({ of: /storage/, hangAt: 120_000 });
    const controller = new AbortController();
    const onProgress = ({ bytes }: ModelDownload): void => {
      if (bytes === 120_000) controller.abort();
    };
    expect(await failure(resolve(NAME, { signal: controller.signal, onProgress }))).toMatchObject({ code: "ABORTED" });
    expect(lstatSync(`${blob()}.incomplete`).size).toBe(120_000);
    await resolve();
    expect(ranges()).toEqual([undefined, "bytes=120000-"]);
  });

  it("ends a wait", async () => {
    setting.server.add("owner/repo", { "m.gguf": MODEL });
    setting.server.faults.push({ status: 429, headers: { "retry-after": "30" } });
    const signal = AbortSignal.timeout(50);
    expect(await failure(resolve(NAME, { signal }))).toMatchObject({ code: "ABORTED" });
    expect(await failure(resolve(NAME, { signal }))).toMatchObject({ code: "ABORTED" });
    expect(setting.server.seen).toHaveLength(1);
  });
});

it("a callback that throws ends the download with what it threw", async () => {
  setting.server.add("owner/repo", { "m.gguf": MODEL });
  const onProgress = (): never => {
    throw new RangeError("mine");
  };
  await expect(resolve(NAME, { onProgress })).rejects.toThrow(new RangeError("mine"));
});

it("two at once download it once", async () => {
  setting.server.add("owner/repo", { "m.gguf": MODEL });
  const both = await Promise.all([resolve(), resolve()]);
  expect(both).toEqual([pathOf("m.gguf"), pathOf("m.gguf")]);
  expect(ranges()).toHaveLength(1);
});

it("two processes do not write one file, and who dies leaves it to the other", async () => {
  setting.server.add("owner/repo", { "m.gguf": MODEL });
  setting.server.faults.push({ of: /storage/, hangAt: 100_000 });
  const other = fork(join(import.meta.dirname, "download-elsewhere.mjs"), [NAME], { execArgv: ["--import", "tsx"] });
  await vi.waitUntil(() => existsSync(`${blob()}.incomplete`) && lstatSync(`${blob()}.incomplete`).size === 100_000, { timeout: 20_000 });
  const waiting = resolve();
  await vi.waitUntil(() => setting.server.asked(/revision/).length === 2);
  expect(ranges()).toHaveLength(1);
  other.kill("SIGKILL");
  await once(other, "exit");
  expectContent(await waiting, MODEL);
  expect(ranges()).toEqual([undefined, "bytes=100000-"]);
});

it("a disk with too little room is told before anything is asked for", async () => {
  setting.server.add("owner/repo", { "m.gguf": MODEL });
  setting.server.oversize = 2 ** 52;
  const { code, message } = await failure(resolve());
  setting.server.oversize = undefined;
  expect(code).toBe("FILE_UNWRITABLE");
  expect(message).toMatch(/4503599\.6 GB are missing and [\d.]+ GB free: free some, or set HF_HOME/);
  expect(ranges()).toEqual([]);
});
