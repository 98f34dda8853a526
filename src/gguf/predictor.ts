/** The reward predictor in a GGUF's metadata: its keys, listed in docs/architecture.md. */
import type { GgufSet, PredictorWeights } from "../engine/binding.js";
import { HEAD_PREFIX } from "./reward-head.js";

export const PREDICTOR_PREFIX = `${HEAD_PREFIX}predictor.`;

/** What held-out steps say of a predictor. */
export interface PredictorNumbers {
  deviation: number;
  takenDeviation: number;
  z: number;
  rate: number;
  table: readonly { z: number; rate: number; upper: number; scored: number }[];
  /** Of these, in words for who inspects the file. */
  explained: number;
  steps: number;
  /** Additive weight that the table is of. */
  weight: number;
  dataset: string;
}

export function predictorEntries(weights: PredictorWeights, numbers: PredictorNumbers): GgufSet[] {
  const { table } = numbers;
  const column = (name: "z" | "rate" | "upper" | "scored"): Float32Array => Float32Array.from(table, (row) => row[name]);
  const values: [string, GgufSet["value"]][] = [
    ["hidden", weights.hidden],
    ["token", weights.token],
    ["bias", weights.bias],
    ["second.weight", weights.secondWeight],
    ["second.bias", weights.secondBias],
    ["out.weight", weights.outWeight],
    ["out.bias", { f32: weights.outBias }],
    ["deviation", { f32: numbers.deviation }],
    ["taken_deviation", { f32: numbers.takenDeviation }],
    ["z", { f32: numbers.z }],
    ["rate", { f32: numbers.rate }],
    ["table.z", column("z")],
    ["table.rate", column("rate")],
    ["table.upper", column("upper")],
    ["table.scored", column("scored")],
    ["explained", { f32: numbers.explained }],
    ["steps", { f32: numbers.steps }],
    ["weight", { f32: numbers.weight }],
    ["dataset", numbers.dataset],
  ];
  return values.map(([name, value]) => ({ key: PREDICTOR_PREFIX + name, value }));
}
