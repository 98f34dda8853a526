/** What is in the cache, whoever put it there, without a network. */
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { hubLibrary } from "../../src/hub/library.js";
import { COMMIT, HubServer } from "../helpers/hub-server.js";
import { expectContent, failure, MODEL, NAME, placesIn, resolve } from "./owner-repo.js";
import { hubSetting } from "./setting.js";

vi.mock("../../src/remote/again.js", async (original) => ({ ...(await original<object>()), ownWait: () => 1 }));

const setting = hubSetting();
const { repoFolder, pathOf, blob, ranges } = placesIn(setting);

describe("without a network", () => {
  const warnings = async (work: () => Promise<unknown>): Promise<string[]> => {
    const seen: string[] = [];
    const listener = (warning: Error & { code?: string }): void => {
      if (warning.code === "ARGSEARCH_HUB_UNREACHABLE") seen.push(warning.message);
    };
    process.on("warning", listener);
    await work();
    await new Promise(setImmediate);
    process.off("warning", listener);
    return seen;
  };
  let nowhere: string;
  beforeAll(async () => {
    const closed = await HubServer.start();
    nowhere = closed.url;
    await closed.close();
  });

  it("what is cached is used, and it is said that a branch may have moved", async () => {
    setting.server.add("owner/repo", { "m-Q4_0.gguf": MODEL, "m-Q8_0.gguf": MODEL });
    await resolve(`${NAME}:q4_0`);
    vi.stubEnv("HF_ENDPOINT", nowhere);
    const said = await warnings(async () => expect(await resolve(`${NAME}:q4_0`)).toBe(pathOf("m-Q4_0.gguf")));
    expect(said).toEqual([
      expect.stringMatching(/^hf:owner\/repo:q4_0: the file in the cache is used \(commit aaaaaaa\), since .*ECONNREFUSED/),
    ]);
  });

  it("the same where the Hub is out of order", async () => {
    setting.server.add("owner/repo", { "m.gguf": MODEL });
    await resolve();
    setting.server.faults.push(...Array.from({ length: 5 }, () => ({ status: 500 })));
    expect(await warnings(async () => expect(await resolve()).toBe(pathOf("m.gguf")))).toHaveLength(1);
  });

  it("HF_HUB_OFFLINE asks nothing and says nothing", async () => {
    setting.server.add("owner/repo", { "m.gguf": MODEL });
    await resolve();
    setting.server.seen.length = 0;
    vi.stubEnv("HF_HUB_OFFLINE", "1");
    expect(await warnings(async () => expect(await resolve()).toBe(pathOf("m.gguf")))).toEqual([]);
    expect(setting.server.seen).toEqual([]);
  });

  it("what is not cached is an error that names what is", async () => {
    setting.server.add("owner/repo", { "m-Q4_0.gguf": MODEL, "m-Q8_0.gguf": "other" });
    vi.stubEnv("HF_HUB_OFFLINE", "1");
    expect(await failure(resolve())).toMatchObject({
      code: "HUB_UNREACHABLE",
      message: "hf:owner/repo: HF_HUB_OFFLINE is set, so that nothing is downloaded. Nothing of owner/repo is in the cache",
    });
    vi.stubEnv("HF_HUB_OFFLINE", undefined);
    await resolve(`${NAME}:q4_0`);
    vi.stubEnv("HF_ENDPOINT", nowhere);
    const { code, message } = await failure(resolve(`${NAME}:q8_0`));
    expect(code).toBe("HUB_UNREACHABLE");
    expect(message).toMatch(/cannot be reached .*ECONNREFUSED.*In the cache there is hf:owner\/repo\/m-Q4_0\.gguf@a{40}$/);
  });

  it("files that Python's tools have downloaded are found", async () => {
    mkdirSync(join(repoFolder(), "blobs"), { recursive: true });
    mkdirSync(join(repoFolder(), "refs"));
    mkdirSync(dirname(pathOf("m-Q8_0.gguf")), { recursive: true });
    writeFileSync(blob(), MODEL);
    writeFileSync(join(repoFolder(), "refs", "main"), COMMIT);
    symlinkSync(relative(dirname(pathOf("m-Q8_0.gguf")), blob()), pathOf("m-Q8_0.gguf"));
    vi.stubEnv("HF_HUB_OFFLINE", "yes");
    expect(await resolve(`${NAME}:q8_0`)).toBe(pathOf("m-Q8_0.gguf"));
    expect(await resolve(`${NAME}@${COMMIT}`)).toBe(pathOf("m-Q8_0.gguf"));
    expect((await failure(resolve(`${NAME}:q4_0`))).message).toMatch(/In the cache there is hf:owner\/repo\/m-Q8_0\.gguf/);
    // Online nothing is fetched again either.
    vi.stubEnv("HF_HUB_OFFLINE", undefined);
    setting.server.add("owner/repo", { "m-Q8_0.gguf": MODEL });
    await resolve();
    expect(ranges()).toEqual([]);
  });

  it("a link whose blob is gone is no file", async () => {
    setting.server.add("owner/repo", { "m.gguf": MODEL });
    await resolve();
    rmSync(blob());
    await resolve();
    expectContent(pathOf("m.gguf"), MODEL);
  });
});

describe("the cache is where the environment says", () => {
  it.each([
    ["HF_HUB_CACHE", "here"],
    ["HUGGINGFACE_HUB_CACHE", "there"],
  ])("%s", async (name, folder) => {
    vi.stubEnv(name, join(setting.home, folder));
    setting.server.add("owner/repo", { "m.gguf": MODEL });
    expect(await resolve()).toBe(join(setting.home, folder, "models--owner--repo", "snapshots", COMMIT, "m.gguf"));
  });
});

it("without @huggingface/hub the error has the line that installs it", async () => {
  vi.doMock("@huggingface/hub", () => {
    throw new Error("Cannot find package");
  });
  expect(await failure(hubLibrary())).toMatchObject({
    code: "DEPENDENCY_MISSING",
    message: expect.stringMatching(/npm install @huggingface\/hub/),
  });
  vi.doUnmock("@huggingface/hub");
});
