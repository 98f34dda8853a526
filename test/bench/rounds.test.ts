import { describe, expect, it } from "vitest";
import { type Contender, measureRounds, rotated } from "../../src/bench/rounds.js";

function contender(name: string, log: string[]): Contender<number> {
  return {
    name,
    prepare: async (input) => void log.push(`${name} prepares ${input}`),
    measure: async (input) => {
      log.push(`${name} ${input}`);
      return { ms: log.length };
    },
  };
}

describe("measureRounds()", () => {
  it("measures each contender once a round, prepared, and counts no warm-up", async () => {
    const log: string[] = [];
    const all = ["a", "b", "c"].map((name) => contender(name, log));
    const samples = await measureRounds(all, { rounds: 4, warmUp: 1, input: (round) => round });
    expect([...samples].map(([name, own]) => [name, own.length])).toEqual([
      ["a", 4],
      ["b", 4],
      ["c", 4],
    ]);
    const measured = log.filter((line) => !line.includes("prepares"));
    for (const name of ["a", "b", "c"]) {
      expect(measured.filter((line) => line.startsWith(name))).toEqual([0, 0, 1, 2, 3].map((round) => `${name} ${round}`));
    }
    for (const [at, line] of log.entries()) if (!line.includes("prepares")) expect(log[at - 1]).toBe(line.replace(" ", " prepares "));
  });

  it("lets everybody begin a round, and follow more than one other", () => {
    const orders = [0, 1, 2, 3, 4, 5].map((round) => rotated(["a", "b", "c"], round));
    expect(new Set(orders.map(([first]) => first))).toEqual(new Set(["a", "b", "c"]));
    const before = new Set(orders.map((order) => order[order.indexOf("a") - 1]).filter((name) => name !== undefined));
    expect(before).toEqual(new Set(["b", "c"]));
    for (const order of orders) expect([...order].sort()).toEqual(["a", "b", "c"]);
  });

  it("ends between two measurements when the signal fires", async () => {
    const controller = new AbortController();
    const log: string[] = [];
    const onProgress = (done: number): void => {
      if (done === 1) controller.abort();
    };
    const options = { rounds: 9, warmUp: 0, input: () => 0, onProgress, signal: controller.signal };
    const running = measureRounds([contender("a", log)], options);
    await expect(running).rejects.toMatchObject({ code: "ABORTED" });
    expect(log).toHaveLength(4); // what had begun was finished
  });
});
