import { writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { encodeGguf } from "../helpers/gguf-writer.js";
import { ggufContent, randomModel } from "../helpers/random-model.js";
import { flips, metadataDamages, tensorDamages, truncations, typeDamages } from "./damaged-files.js";
import { probe } from "./probe.js";

test("explore", async () => {
  const model = randomModel({ seed: 5, layers: 2, embedding: 32, heads: 2, kvHeads: 1, feedForward: 32, contextLength: 64, labels: ["reward"] });
  const content = ggufContent(model);
  const whole = encodeGguf(content);
  const header = encodeGguf({ ...content, tensors: content.tensors.map((t) => ({ ...t, data: new Float32Array(0) })) }).length;
  console.log(whole.length, header);
  const all = { meta: () => metadataDamages(content), tensor: () => tensorDamages(content), type: () => typeDamages(content), trunc: () => truncations(whole, header), flip: () => flips(whole, header, Number(process.env.N ?? 200), Number(process.env.SEED ?? 1)) };
  const damages = all[process.env.KIND as keyof typeof all]();
  const started = Date.now();
  const probed = await probe(damages);
  console.log(damages.length, Date.now() - started, "ms");
  writeFileSync(`/tmp/probe-${process.env.KIND}.txt`, probed.map((p) => `${p.name} | ${p.outcome} | ${p.inspected}`).join("\n"));
  expect(1).toBe(1);
}, 1_800_000);
