/** What a file of scores depends on: the kind of a reward and its base as well as its file. */
import { appendFileSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { EMBEDDED, loadReward, type RewardSpec } from "../../src/index.js";
import { keyOf } from "../../src/score/key.js";

const folder = mkdtempSync(join(tmpdir(), "argsearch-key-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("has another key for another kind, and for another base", async () => {
  const [source, copy, changed] = ["in.jsonl", "copy.gguf", "changed.gguf"].map((name) => join(folder, name));
  writeFileSync(source, "{}\n");
  copyFileSync(EMBEDDED.policy, copy);
  copyFileSync(EMBEDDED.policy, changed);
  appendFileSync(changed, "\0");
  const { reward, policy } = EMBEDDED;
  const keyFor = async (spec: RewardSpec): Promise<string | null> => {
    await using model = await loadReward({ reward: spec, gpu: false, threads: 1 });
    return keyOf(model.info, source, []);
  };
  const different: RewardSpec[] = [
    reward,
    { reward, kind: "autoregressive" },
    { reward, kind: "values" },
    { reward, base: policy },
    { reward, base: changed },
  ];
  const keys = [];
  for (const spec of different) keys.push(await keyFor(spec));
  expect(keys).not.toContain(null);
  expect(new Set(keys).size).toBe(different.length);
  expect(await keyFor({ reward, base: copy })).toBe(keys[3]);
});
