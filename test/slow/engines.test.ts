/** Every engine release that argsearch accepts decodes as the one that it depends on. Fetches the others from npm. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { load } from "../../src/index.js";
import { runModule } from "../gpu/program.js";
import { canCompile } from "../helpers/engine-shim.js";

const folder = mkdtempSync(join(tmpdir(), "argsearch-releases-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SETTINGS = { maxTokens: 32, seed: 1 };
const PROMPT = "Can you help me set up a light show?";

/** The library directory of a release of the Linux engine package; undefined without a network. */
function fetched(release: string): string | undefined {
  const { status } = spawnSync("npm", ["pack", `@node-llama-cpp/linux-x64@${release}`, "--silent"], { cwd: folder });
  if (status !== 0) return undefined;
  execFileSync("tar", ["-xzf", `node-llama-cpp-linux-x64-${release}.tgz`], { cwd: folder });
  return join(folder, "package", "bins", "linux-x64");
}

test.skipIf(!canCompile).each([["3.22.1", "0.5.0"]])("%s (llama.cpp %s)", async (release, version) => {
  const engineDir = fetched(release);
  if (engineDir === undefined) return console.warn(`not tried: npm has no @node-llama-cpp/linux-x64@${release} for us`);
  await using decoder = await load({ gpu: false, threads: 1 });
  const expected = await decoder.generate(PROMPT, SETTINGS);
  const body = `
    const decoder = await argsearch.load(${JSON.stringify({ engineDir, gpu: false, threads: 1 })});
    const { tokens, rewards } = await decoder.generate(${JSON.stringify(PROMPT)}, ${JSON.stringify(SETTINGS)});
    say({ version: decoder.info.engine.version, tokens, rewards });
    await decoder.dispose();`;
  const { value } = await runModule<{ version: string; tokens: number[]; rewards: number[] }>(body, folder, {});
  expect(value?.version).toContain(version);
  expect(value?.tokens).toEqual(expected.tokens);
  for (const [at, reward] of expected.rewards.entries()) expect(value?.rewards[at]).toBeCloseTo(reward ?? Number.NaN, 2);
});
