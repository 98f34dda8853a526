/** How large the S of a layer may be that makes GELU(S x) / S stand for ReLU(x). */

import type { Checkpoint } from "../../checkpoint/checkpoint.js";
import { F16_MAX } from "../../gguf/float-formats.js";
import type { ModelType } from "../model-types.js";

/** With it a hidden unit's value is off by at most 0.17 / 65536, which is what F32 rounds anyway. */
const LARGEST = 65536;

/**
 * The largest S with which nothing of a layer leaves the range of the numbers that some backend computes in, for any input.
 * Weights become F16 in all formats: Metal and Vulkan multiply F32 so. CUDA and Vulkan may add up the products of F16 and quantised weights
 * in F16 as well, and what goes into the activation must fit then: behind the layer norm, with gain g and offset o, a vector is
 * g * x + o with |x| = sqrt(n), so that a unit with weights w and bias b is at most |w * g| sqrt(n) + |w . o + b|.
 *
 * @throws ArgsearchError as Checkpoint.floats()
 */
export async function reluScale(checkpoint: Checkpoint, nameOf: (part: string) => string, type: ModelType): Promise<number> {
  const read = (part: string): Promise<Float32Array> => checkpoint.floats(nameOf(part));
  const weight = await read("fc1.weight");
  const layer = {
    weight,
    gain: await read("final_layer_norm.weight"),
    offset: await read("final_layer_norm.bias"),
    bias: await read("fc1.bias"),
  };
  const addsInF32 = type === "f32" || type === "bf16";
  const largest = Math.max(largestOf(weight), addsInF32 ? 0 : largestInput(layer));
  let scale = LARGEST;
  while (scale > 1 && scale * largest > F16_MAX) scale /= 2;
  return scale;
}

function largestOf(values: Float32Array): number {
  let largest = 0;
  for (const value of values) largest = Math.max(largest, Math.abs(value));
  return largest;
}

interface Layer {
  weight: Float32Array;
  gain: Float32Array;
  offset: Float32Array;
  bias: Float32Array;
}

/** Of any unit's activation, for any text. */
function largestInput({ weight, gain, offset, bias }: Layer): number {
  const width = gain.length;
  let largest = 0;
  for (let unit = 0; unit < bias.length; unit++) {
    let squares = 0;
    let constant = bias[unit] as number;
    for (let i = 0; i < width; i++) {
      const w = weight[unit * width + i] as number;
      squares += (w * (gain[i] as number)) ** 2;
      constant += w * (offset[i] as number);
    }
    largest = Math.max(largest, Math.sqrt(squares * width) + Math.abs(constant));
  }
  return largest;
}
