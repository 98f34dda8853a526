/** `hf:…` on the command line. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { OnTerminal } from "../cli/on-terminal.js";
import { argsearch, policy, reward, start } from "../cli/run.js";
import { COMMIT, sha256 } from "../helpers/hub-server.js";
import { hubSetting } from "./setting.js";

const setting = hubSetting();
const snapshot = (file: string): string => join(setting.home, "hub", "models--owner--models", "snapshots", COMMIT, file);

function addPair(): void {
  setting.server.add("owner/models", { "policy-Q8_0.gguf": readFileSync(policy), "reward-F16.gguf": readFileSync(reward) });
}

const GENERATE = ["generate", "--prompt", "Hello", "--max-tokens", "6", "--seed", "1", "--gpu", "off"];

it("generate decodes with models of the Hub, and says what it downloads", async () => {
  addPair();
  const names = ["--policy", "hf:owner/models:q8_0", "--reward", "hf:owner/models:f16=0.5"];
  const hub = await argsearch([...GENERATE, ...names]);
  expect(hub.stdout).toBe((await argsearch([...GENERATE, "--policy", policy, "--reward", `${reward}=0.5`])).stdout);
  expect(hub.stderr).toMatch(
    /^downloading owner\/models\/policy-Q8_0\.gguf, .* of 3\.\d+ MiB are here\ndownloading owner\/models\/reward-F16\.gguf/,
  );
  expect((await argsearch([...GENERATE, ...names])).stderr).toBe("");
});

it("inspect", async () => {
  addPair();
  const { stdout, code } = await argsearch(["inspect", "hf:owner/models:f16", "--json"]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ path: snapshot("reward-F16.gguf"), rewardHead: { labels: ["reward"] } });
});

it("eval, with several policies and their rewards", async () => {
  addPair();
  const data = join(setting.home, "prompts.jsonl");
  writeFileSync(data, '{"prompt":"Hello"}\n');
  const [name, guide] = ["hf:owner/models:q8_0", "hf:owner/models:f16"];
  const pairs = ["--policy", name, "--reward", guide, "--policy", policy, "--reward", reward];
  const judge = ["--judge-reward", guide, "--methods", "args-greedy", "--max-tokens", "3", "--gpu", "off", "--no-report", "--json"];
  const { stdout, stderr, code } = await argsearch(["eval", "--data", data, "--out", join(setting.home, "out"), ...pairs, ...judge]);
  expect(stderr).not.toMatch(/\[/);
  expect(code).toBe(0);
  expect(Object.keys((JSON.parse(stdout) as { methods: object }).methods)).toHaveLength(2);
  expect(stdout).not.toContain("hf:");
});

it("what is wrong is one line in the words of the command line", async () => {
  addPair();
  const misnamed = await argsearch([...GENERATE, "--policy", "hf:owner"]);
  expect(misnamed).toMatchObject({ code: 2, stdout: "" });
  expect(misnamed.stderr).toMatch(/^argsearch: --policy must be of the form "hf:OWNER\/REPO", .* got "hf:owner" \[OPTION_INVALID\]\n$/);
  const none = await argsearch([...GENERATE, "--policy", "hf:owner/none"]);
  expect(none).toMatchObject({ code: 1, stdout: "" });
  expect(none.stderr).toMatch(/^argsearch: there is no owner\/none on .* \[HUB_NOT_FOUND\]\n$/);
  const replaced = await argsearch(["reward", "predict", "hf:owner/models:f16", "--prompts", "x.jsonl"]);
  expect(replaced.stderr).toMatch(
    /^argsearch: --out must be given: a file of the Hub is not replaced, got undefined \[OPTION_INVALID\]\n$/,
  );
});

it("Ctrl-C leaves what has come, and the same command goes on from there", async () => {
  addPair();
  setting.server.faults.push({ of: /storage/, hangAt: 100_000 });
  const words = ["inspect", "hf:owner/models:q8_0"];
  const { child, outcome } = start(words);
  const partial = join(setting.home, "hub", "models--owner--models", "blobs", `${sha256(readFileSync(policy))}.incomplete`);
  await vi.waitUntil(() => sizeOf(partial) === 100_000, { timeout: 20_000 });
  child.kill("SIGINT");
  const { code, stderr } = await outcome;
  expect(code).toBe(130);
  expect(stderr).toMatch(/interrupted: the same command goes on from here\n$/);
  expect(sizeOf(partial)).toBe(100_000);
  expect(await argsearch(words)).toMatchObject({ code: 0 });
  expect(setting.server.asked(/^\/blobs/).at(-1)?.range).toBe("bytes=100000-");
});

it("a terminal has a bar, which goes when the download ends", async () => {
  addPair();
  setting.server.faults.push({ of: /storage/, hangAt: 1_500_000 });
  const screen = new OnTerminal(["inspect", "hf:owner/models:q8_0"], { env: { HF_HUB_DOWNLOAD_TIMEOUT: "1" } });
  await screen.shows("owner/models/policy-Q8_0.gguf ███");
  expect(screen.text).toMatch(/of 3\.\d+ MiB/);
  expect(await screen.ended()).toBe(0);
  expect(screen.text).toMatch(/^file +/);
});

function sizeOf(path: string): number {
  try {
    return readFileSync(path).length;
  } catch {
    return 0;
  }
}
