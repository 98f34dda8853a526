/** No damaged file ends the process: it loads and works, or it is an error with a code. */
import { describe, expect, test } from "vitest";
import { ERROR_CODES } from "../../src/index.js";
import { encodeGguf } from "../helpers/gguf-writer.js";
import { type Damage, flips, metadataDamages, optionDamages, tensorDamages, truncations, typeDamages } from "./damaged-files.js";
import { type Probed, probe } from "./probe.js";
import { headerLength, tinyModel } from "./tiny-model.js";

const content = tinyModel();
const whole = encodeGguf(content);
const header = headerLength(content);

/** More of the random ones on request: see test/slow. */
const FLIPS = Number(process.env.ARGSEARCH_FLIPS ?? 400);
const SEED = Number(process.env.ARGSEARCH_SEED ?? 1);

const codeOf = (outcome: string) => outcome.split(":")[0];

function expectTyped(probed: readonly Probed[]): void {
  const fine = new Set<string>(["works", ...ERROR_CODES]);
  const others = probed.filter(({ outcome, inspected }) => !fine.has(codeOf(outcome)) || !fine.has(codeOf(inspected)));
  expect(others).toEqual([]);
}

describe("a file with", () => {
  test.each<[what: string, damages: Damage[]]>([
    ["a metadata key dropped or replaced", metadataDamages(content)],
    ["an optional metadata key that does not fit", optionDamages(content)],
    ["a tensor dropped, renamed or reshaped", tensorDamages(content)],
    ["a tensor in another format", typeDamages(content)],
    ["a byte flipped in its header", flips(whole, header, FLIPS, SEED)],
    ["a byte flipped anywhere", flips(whole, whole.length, FLIPS / 4, SEED + 1)],
  ])("%s", async (_, damages) => {
    expectTyped(await probe(damages));
  });

  test("its end cut off is MODEL_INVALID, or NOT_GGUF before there is a magic word", async () => {
    const cuts = truncations(whole, header);
    const probed = await probe(cuts);
    expect(probed.map(({ outcome }) => codeOf(outcome))).toEqual(
      cuts.map(({ bytes }) => (bytes.length < 4 ? "NOT_GGUF" : "MODEL_INVALID")),
    );
    for (const { outcome } of probed) expect(outcome).toMatch(/damaged|cut short|not a GGUF file/);
  });
});
