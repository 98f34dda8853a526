/** No damaged file ends the process: it loads and works, or it is an error with a code. */
import { describe, expect, test, vi } from "vitest";
import { ERROR_CODES } from "../../src/index.js";
import { encodeGguf } from "../helpers/gguf-writer.js";
import { type Damage, flips, metadataDamages, optionDamages, partFlips, tensorDamages, truncations, typeDamages } from "./damaged-files.js";
import { type Probed, probe } from "./probe.js";
import { headerLength, tinyModel } from "./tiny-model.js";

const content = tinyModel();
const whole = encodeGguf(content);
const header = headerLength(content);

/** Rounds of random damage, and the seed of the first; see test/slow for many. */
const ROUNDS = Number(process.env.ARGSEARCH_ROUNDS ?? 1);
const SEED = Number(process.env.ARGSEARCH_SEED ?? 1);

/** A hang is what probe() finds, not the time limit. */
vi.setConfig({ testTimeout: 600_000 });

const codeOf = (outcome = "nothing") => outcome.split(":")[0];

function expectTyped(probed: readonly Probed[]): void {
  const fine = new Set<string>(["works", ...ERROR_CODES]);
  const others = probed.filter(({ uses }) => Object.values(uses).some((outcome) => !fine.has(codeOf(outcome))));
  expect(others).toEqual([]);
}

describe("a file with", () => {
  test.each<[what: string, damages: Damage[]]>([
    ["a metadata key dropped or replaced", metadataDamages(content)],
    ["an optional metadata key that does not fit", optionDamages(content)],
    ["a tensor dropped, renamed or reshaped", tensorDamages(content)],
    ["a tensor in another format", typeDamages(content)],
  ])("%s", async (_, damages) => {
    expectTyped(await probe(damages));
  });

  test.each(Array.from({ length: ROUNDS }, (_, round) => SEED + round))("a byte flipped: seed %d", async (seed) => {
    expectTyped(await probe([...flips(whole, header, 400, seed), ...flips(whole, whole.length, 100, seed)]));
  });

  test.each(Array.from({ length: ROUNDS }, (_, round) => SEED + round))("a byte flipped in a part of it: seed %d", async (seed) => {
    expectTyped(await probe(partFlips(content, 3, 60, 100 * seed)));
  });

  test("its end cut off is MODEL_INVALID, or NOT_GGUF before there is a magic word", async () => {
    const cuts = truncations(whole, header);
    const probed = await probe(cuts);
    expect(probed.map(({ uses }) => codeOf(uses.pair))).toEqual(cuts.map(({ bytes }) => (bytes.length < 4 ? "NOT_GGUF" : "MODEL_INVALID")));
    for (const { uses } of probed) expect(uses.pair).toMatch(/damaged|cut short|not a GGUF file/);
  });
});
