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
  let states: Vector[] = tokens.map((token) => Float64Array.from(weights.embedding.subarray(token * width, (token + 1) * width)));
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
  return logSoftmax(nextLogits(model, tokens));
}

/** What they are made of. */
export function nextLogits(model: RandomModel, tokens: readonly number[]): Vector {
  return multiply(model.weights.output, last(hiddenStates(model, tokens)));
}

/** Logits of -Infinity have no probability. */
export function logSoftmax(logits: Vector): Vector {
  const most = Math.max(...logits);
  const norm = most + Math.log(logits.reduce((total, logit) => total + Math.exp(logit - most), 0));
  return logits.map((logit) => logit - norm);
}

/** Logits behind the last text that was asked about: the candidates of a step are asked about one after the other. */
const lastLogits = new WeakMap<RandomModel, { before: string; logits: Vector }>();

/** ln P, or the logit, of the last token behind those before it. */
export function tokenValue(model: RandomModel, tokens: readonly number[], kind: "logProb" | "logit"): number {
  const [before, token] = [tokens.slice(0, -1), tokens[tokens.length - 1]];
  const known = lastLogits.get(model);
  const logits = known?.before === before.join() ? known.logits : nextLogits(model, before);
  lastLogits.set(model, { before: before.join(), logits });
  return (kind === "logit" ? logits : logSoftmax(logits))[token];
}

/** The reward of every label, read at the last token. */
export function rewardsAtEnd(model: RandomModel, tokens: readonly number[]): number[] {
  const { head } = model;
  if (head === undefined) throw new Error("this model has no reward head");
  const raw = multiply(head.weight, last(hiddenStates(model, tokens)));
  return Array.from(raw, (value, label) => (value + head.bias[label] - head.shift) / head.scale);
}

function attention(
  { embedding, heads, kvHeads, ropeBase, ropeFactors }: RandomModel["shape"],
  layer: LayerWeights,
  inputs: Vector[],
): Vector[] {
  const size = embedding / heads;
  const rotated = (vector: Vector, position: number) => rotate(vector, position, size, ropeBase, ropeFactors);
  const keys = inputs.map((input, position) => rotated(multiply(layer.key, input), position));
  const values = inputs.map((input) => multiply(layer.value, input));
  return inputs.map((input, position) => {
    const query = rotated(multiply(layer.query, input), position);
    const mixed = new Float64Array(embedding);
    for (let head = 0; head < heads; head++) {
      const own = head * size;
      const shared = Math.floor((head * kvHeads) / heads) * size;
      const shares = new Float64Array(position + 1);
      for (let seen = 0; seen <= position; seen++) shares[seen] = dot(query, own, keys[seen], shared, size) / Math.sqrt(size);
      softmax(shares);
      for (let seen = 0; seen <= position; seen++) {
        for (let i = 0; i < size; i++) mixed[own + i] += shares[seen] * values[seen][shared + i];
      }
    }
    return multiply(layer.attentionOutput, mixed);
  });
}

/** Turns each pair (2i, 2i + 1) of every head by position * base^(-2i / size) / factor. */
function rotate(vector: Vector, position: number, size: number, base: number, factors: readonly number[] = []): Vector {
  const turned = new Float64Array(vector.length);
  for (let i = 0; i < vector.length; i += 2) {
    const angle = (position * base ** (-(i % size) / size)) / (factors[(i % size) / 2] ?? 1);
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    turned[i] = vector[i] * cos - vector[i + 1] * sin;
    turned[i + 1] = vector[i] * sin + vector[i + 1] * cos;
  }
  return turned;
}

function feedForward({ gate, up, down }: LayerWeights, input: Vector): Vector {
  const inner = multiply(gate, input);
  const raised = multiply(up, input);
  for (let i = 0; i < inner.length; i++) inner[i] *= raised[i] / (1 + Math.exp(-inner[i]));
  return multiply(down, inner);
}

function rmsNorm(vector: Vector, weight: Float32Array): Vector {
  const rms = Math.sqrt(dot(vector, 0, vector, 0, vector.length) / vector.length + RMS_EPSILON);
  const normalised = new Float64Array(vector.length);
  for (let i = 0; i < vector.length; i++) normalised[i] = (vector[i] / rms) * weight[i];
  return normalised;
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

/** In place. */
function softmax(values: Vector): void {
  const most = values.reduce((a, b) => Math.max(a, b));
  let total = 0;
  for (let i = 0; i < values.length; i++) {
    values[i] = Math.exp(values[i] - most);
    total += values[i];
  }
  for (let i = 0; i < values.length; i++) values[i] /= total;
}

function sum(a: Vector, b: Vector): Vector {
  const total = new Float64Array(a.length);
  for (let i = 0; i < a.length; i++) total[i] = a[i] + b[i];
  return total;
}

function last<T>(items: readonly T[]): T {
  return items[items.length - 1];
}
