/**
 * The llama architecture in plain float64 arithmetic, written from the papers: RMS norm (Zhang & Sennrich 2019), rotary
 * positions over neighbouring pairs (Su et al. 2021), grouped-query attention (Ainslie et al. 2023), SwiGLU (Shazeer
 * 2020). Nothing is cached: every call computes every token again.
 */
import type { LayerWeights, RandomModel } from "./random-model.js";
import { RMS_EPSILON } from "./random-model.js";

type Vector = Float64Array;

/** Final-norm hidden state of each token. */
export function hiddenStates({ shape, weights }: RandomModel, tokens: readonly number[]): Vector[] {
  const { embedding: width } = shape;
  let states = tokens.map((token) => Float64Array.from(weights.embedding.subarray(token * width, (token + 1) * width)));
  for (const layer of weights.layers) {
    const attended = attention(
      shape,
      layer,
      states.map((state) => rmsNorm(state, layer.attentionNorm)),
    );
    states = states.map((state, position) => sum(state, attended[position]));
    states = states.map((state) => sum(state, feedForward(layer, rmsNorm(state, layer.feedForwardNorm))));
  }
  return states.map((state) => rmsNorm(state, weights.outputNorm));
}

/** Log-probability of every token of the vocabulary behind the last one. */
export function nextLogProbs(model: RandomModel, tokens: readonly number[]): Vector {
  const logits = multiply(model.weights.output, last(hiddenStates(model, tokens)));
  const most = Math.max(...logits);
  const norm = most + Math.log(logits.reduce((total, logit) => total + Math.exp(logit - most), 0));
  return logits.map((logit) => logit - norm);
}

/** The reward of every label, read at the last token. */
export function rewardsAtEnd(model: RandomModel, tokens: readonly number[]): number[] {
  const { head } = model;
  if (head === undefined) throw new Error("this model has no reward head");
  const raw = multiply(head.weight, last(hiddenStates(model, tokens)));
  return Array.from(raw, (value, label) => (value + head.bias[label] - head.shift) / head.scale);
}

function attention({ embedding, heads, kvHeads, ropeBase }: RandomModel["shape"], layer: LayerWeights, inputs: Vector[]): Vector[] {
  const size = embedding / heads;
  const rotated = (vector: Vector, position: number) => rotate(vector, position, size, ropeBase);
  const keys = inputs.map((input, position) => rotated(multiply(layer.key, input), position));
  const values = inputs.map((input) => multiply(layer.value, input));
  return inputs.map((input, position) => {
    const query = rotated(multiply(layer.query, input), position);
    const mixed = new Float64Array(embedding);
    for (let head = 0; head < heads; head++) {
      const shared = Math.floor((head * kvHeads) / heads) * size;
      const own = head * size;
      const scores = keys.slice(0, position + 1).map((key) => dot(query, own, key, shared, size) / Math.sqrt(size));
      softmax(scores).forEach((share, seen) => {
        for (let i = 0; i < size; i++) mixed[own + i] += share * values[seen][shared + i];
      });
    }
    return multiply(layer.attentionOutput, mixed);
  });
}

/** Turns each pair (2i, 2i + 1) of every head by position * base^(-2i / size). */
function rotate(vector: Vector, position: number, size: number, base: number): Vector {
  const turned = new Float64Array(vector.length);
  for (let i = 0; i < vector.length; i += 2) {
    const angle = position * base ** (-(i % size) / size);
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    turned[i] = vector[i] * cos - vector[i + 1] * sin;
    turned[i + 1] = vector[i] * sin + vector[i + 1] * cos;
  }
  return turned;
}

function feedForward({ gate, up, down }: LayerWeights, input: Vector): Vector {
  const opened = multiply(gate, input);
  const raised = multiply(up, input);
  return multiply(
    down,
    opened.map((value, i) => (value / (1 + Math.exp(-value))) * raised[i]),
  );
}

function rmsNorm(vector: Vector, weight: Float32Array): Vector {
  const rms = Math.sqrt(dot(vector, 0, vector, 0, vector.length) / vector.length + RMS_EPSILON);
  return vector.map((value, i) => (value / rms) * weight[i]);
}

function multiply(matrix: Float32Array, input: Vector): Vector {
  const output = new Float64Array(matrix.length / input.length);
  for (let row = 0, cell = 0; row < output.length; row++) {
    let total = 0;
    for (let i = 0; i < input.length; i++) total += matrix[cell++] * input[i];
    output[row] = total;
  }
  return output;
}

function dot(a: Vector, startA: number, b: Vector, startB: number, length: number): number {
  let total = 0;
  for (let i = 0; i < length; i++) total += a[startA + i] * b[startB + i];
  return total;
}

function softmax(values: number[]): number[] {
  const most = Math.max(...values);
  const weights = values.map((value) => Math.exp(value - most));
  const total = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / total);
}

function sum(a: Vector, b: Vector): Vector {
  return a.map((value, i) => value + b[i]);
}

function last<T>(items: readonly T[]): T {
  return items[items.length - 1];
}
