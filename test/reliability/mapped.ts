/** Model files that change while they are mapped into memory. */
import { spawn } from "node:child_process";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { EMBEDDED, ERROR_CODES } from "../../src/index.js";
import { type Finding, type Part, type PartOptions, Tally } from "./part.js";
import { withScratch } from "./scratch.js";

const PROGRAM = fileURLToPath(new URL("programs/mapped.mjs", import.meta.url));

/** What may come of each change. A file that is cut ends the process with SIGBUS where a page is read that is gone: docs/reliability.md. */
const CHANGES: Readonly<Record<string, readonly string[]>> = {
  deleted: ["same"],
  "renamed away": ["same"],
  "replaced by a rename": ["same"],
  "grown at its end": ["same"],
  "overwritten in place": ["same", "other", ...ERROR_CODES],
  "cut to its half in place": ["same", "ends by SIGBUS"],
};

export const mapped: Part = {
  name: "mapped",
  title: "model files that are deleted, replaced or changed while they are in use",
  run: (options) => changedFiles(options, 10),
};

/** `count`: times each change. */
export async function changedFiles({ count, say }: PartOptions, times: number): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [change, allowed] of Object.entries(CHANGES)) {
    const tally = new Tally(`model file ${change} while in use`);
    if (process.platform === "win32") {
      findings.push({ ...tally.finding, skipped: "Windows refuses to change a mapped file" });
      continue;
    }
    for (let time = 0; time < (count ?? times); time++) {
      const outcome = await withScratch((folder) => changeOnce(folder, change));
      tally.add(outcome, allowed.includes(outcome) ? undefined : `${change}: ${outcome}`);
    }
    say(`${change}: ${JSON.stringify(tally.outcomes)}`);
    findings.push(tally.finding);
  }
  return findings;
}

function changeOnce(folder: string, change: string): Promise<string> {
  const files = { policy: join(folder, "policy.gguf"), reward: join(folder, "reward.gguf") };
  copyFileSync(EMBEDDED.policy, files.policy);
  copyFileSync(EMBEDDED.reward, files.reward);
  const child = spawn(process.execPath, [PROGRAM, change, files.policy, files.reward, EMBEDDED.reward], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.resume();
  const watchdog = setTimeout(() => child.kill("SIGKILL"), 60_000);
  return new Promise((resolve) => {
    child.on("close", (code, signal) => {
      clearTimeout(watchdog);
      const [outcome = "nothing", last] = stdout.trim().split("\n");
      resolve(code === 0 && last === "alive" ? outcome : `ends by ${signal ?? code}`);
    });
  });
}
