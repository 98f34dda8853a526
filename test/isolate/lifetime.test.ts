/** Programs with isolated decoders end as programs without them do, at any moment, and leave no process behind. */
import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { modelFolder } from "../helpers/model-folder.js";
import { type ChildOptions, type Ended, runProgram } from "../lifetime/child.js";
import { slowPair } from "../lifetime/models.js";

const { policy, reward } = slowPair(modelFolder());

/** Processes that a program has left, by a variable that they inherit. Linux alone lets a test look. */
function leftBy(run: string): string[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc").filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, "utf8").includes(run);
    } catch {
      return false;
    }
  });
}

async function run(program: string, args: string[], options: ChildOptions = {}): Promise<Ended> {
  const id = randomUUID();
  vi.stubEnv("ARGSEARCH_TEST_RUN", id);
  const ended = runProgram(program, [args[0] ?? "", policy.path, reward.path, ...args.slice(1), "--isolate"], options);
  vi.unstubAllEnvs();
  const outcome = await ended;
  await vi.waitFor(() => expect(leftBy(id)).toEqual([]), { timeout: 20_000 });
  return outcome;
}

test.each([
  "exit while loading",
  "exit while prefilling",
  "exit while decoding",
  "exit while scoring",
  "exit while disposing",
  "exit in a progress callback",
  "exit in a reward function",
])("%s", async (scenario) => {
  expect(await run("processes.mjs", [scenario])).toEqual({ ended: 7, lines: expect.anything(), stderr: "" });
});

test.each<[scenario: string, lines: string[]]>([
  ["end without dispose", []],
  ["end with work that nobody awaits", ["4 tokens"]],
  ["end with a load that nobody awaits", ["loaded"]],
  ["end with a stream left open", []],
  ["calls in an exit handler", ["called"]],
  ["exit after everything was disposed of", ["running", "DISPOSED"]],
])("%s", async (scenario, lines) => {
  expect(await run("processes.mjs", [scenario])).toEqual({ ended: 0, lines, stderr: "" });
});

test.each(["SIGTERM", "SIGINT", "SIGKILL"] as const)("%s while decoding", async (signal) => {
  const { ended, stderr } = await run("processes.mjs", ["signal while decoding"], { kill: { signal, at: "running" } });
  expect({ ended, stderr }).toEqual({ ended: signal, stderr: "" });
});

test.each(["idle", "loading", "prefilling", "decoding", "rewarding by function", "disposing", "exiting", "throwing"])(
  "a worker ends while %s",
  async (task) => {
    expect(await run("workers.mjs", ["stop", "2", task])).toEqual({ ended: 0, lines: ["true"], stderr: "" });
  },
);

test("several threads have isolated decoders side by side", async () => {
  expect(await run("workers.mjs", ["side by side", "2"])).toEqual({ ended: 0, lines: ["1"], stderr: "" });
});

test.each<[scenario: string, lines: string[]]>([
  ["forgotten objects", ["true", "true"]],
  ["forgotten while it runs", ["30 30", "alive"]],
  ["a stream forgotten half-way", ["true"]],
  ["forgotten after dispose", ["alive"]],
])("%s", async (scenario, lines) => {
  expect(await run("collection.mjs", [scenario], { node: ["--expose-gc"] })).toEqual({ ended: 0, lines, stderr: "" });
});
