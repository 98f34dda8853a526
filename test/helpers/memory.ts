/** Resident memory of a process that loads, generates and disposes over and over. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const SCRIPT = fileURLToPath(new URL("../slow/cycles.mjs", import.meta.url));

/** Megabytes gained by that many cycles after a warm-up. */
export async function growthOver(cycles: number, warmUp: number, policy: string, reward: string): Promise<number> {
  // V8 sizes its young generation by megabytes, as it likes: kept small, what remains is what the cycles leave behind.
  const args = ["--expose-gc", "--max-semi-space-size=1", SCRIPT, policy, reward, String(warmUp), String(cycles)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return (JSON.parse(stdout) as { growth: number }).growth;
}
