/** A server under load, for a few seconds: `npm run check:serve` is the long one. */
import { afterAll, describe, expect, it } from "vitest";
import { PREFILL_PART } from "../../src/decode/scheduler.js";
import { modelFolder } from "../helpers/model-folder.js";
import { Random } from "../helpers/random.js";
import { ServerProcess } from "./soak/child.js";
import { tokensUntilFirst } from "./soak/first-token.js";
import { agent } from "./soak/http.js";
import { growthOf, slopeOf } from "./soak/memory.js";
import { soak } from "./soak/soak.js";

const folder = modelFolder();
afterAll(() => agent.destroy());

describe("a server with many clients", () => {
  it("answers each as alone, whatever others do, and has all its slots afterwards", async () => {
    const shape = { contextLength: 1024, layers: 2, chatTemplate: "{% for m in messages %}{{ m.content }}. {% endfor %}" };
    const pair = folder.writePair(71, shape, shape);
    const kinds = ["answered", "streamed", "read slowly", "left", "left at once", "refused", "torn"];
    const report = await soak({ kinds, pair, seed: 1, seconds: 6, clients: 32, slots: 6, wishes: 40, watchMemory: false, say: () => {} });
    expect(report.wrong).toEqual([]);
    for (const kind of kinds) {
      expect(report.outcomes[kind], kind).toBeGreaterThan(0);
    }
  });

  it("gives a short request behind a long prompt its first token within two parts", async () => {
    const shape = { contextLength: 4096, layers: 4, embedding: 256, feedForward: 512 };
    const { policy, reward } = folder.writePair(72, shape, shape);
    const load = { policy: policy.path, reward: reward.path, slots: 2, threads: 1, contextSize: 4096 };
    const server = await ServerProcess.start({ load });
    try {
      const counts = await tokensUntilFirst(server.url, new Random(1), 2);
      expect(Math.min(...counts)).toBeLessThanOrEqual(2 * PREFILL_PART);
    } finally {
      await server.stop();
    }
  });
});

describe("growth", () => {
  it("is the slope of the line through the samples after the warm-up", () => {
    expect(slopeOf([0, 1, 2], [1, 3, 5])).toBeCloseTo(2);
    const samples = Array.from({ length: 90 }, (_, at) => ({ at, resident: (at < 40 ? 500 : 100 + at / 6) * 2 ** 20, heap: 7 }));
    expect(growthOf(samples)).toMatchObject({ samples: 45, slope: expect.closeTo(10), heapSlope: 0 });
  });
});
