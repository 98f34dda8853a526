/** The reward head in a GGUF's metadata: its keys, and what makes one valid. */
import { ArgsearchError } from "../errors.js";
import type { RewardAt } from "../types.js";
import type { Metadata } from "./metadata.js";

export const HEAD_PREFIX = "argsearch.reward.";

/** Where a whole response's reward is read: "last" or "end". */
export const POSITION_KEY = `${HEAD_PREFIX}position`;

export const HEAD_KEYS = {
  weight: `${HEAD_PREFIX}head.weight`,
  bias: `${HEAD_PREFIX}head.bias`,
  labels: `${HEAD_PREFIX}labels`,
  scale: `${HEAD_PREFIX}scale`,
  shift: `${HEAD_PREFIX}shift`,
} as const;

/** A linear head on the final-norm hidden state h: reward = (w · h + bias - shift) / scale, for each label. */
export interface RewardHead {
  /** As many numbers as the model's embedding is long; one such row a label when there are several. */
  weight: readonly number[] | readonly (readonly number[])[];
  /** One number for all labels, or one a label; default 0. */
  bias?: number | readonly number[] | undefined;
  /** One name a row; default "reward", or "0", "1", … */
  labels?: readonly string[] | undefined;
  /** Not 0; one for all labels, or one a label; default 1. */
  scale?: number | readonly number[] | undefined;
  /** One for all labels, or one a label; default 0. */
  shift?: number | readonly number[] | undefined;
  /**
   * Where it reads a whole response: at its last token, or at the token that ends the turn behind it. What score() and generate()
   * do unless told otherwise; default "last".
   */
  position?: RewardAt | undefined;
}

/** A head as it is stored: row-major, 32 bit. */
export interface StoredHead {
  weight: Float32Array;
  /** One value, or one a label; so are scale and shift. */
  bias: Float32Array | undefined;
  labels: string[] | undefined;
  scale: Float32Array | undefined;
  shift: Float32Array | undefined;
  position: RewardAt | undefined;
}

/** Where a file says that its head reads a whole response; undefined where it says nothing, or what nobody knows. */
export function headPosition(metadata: Metadata): RewardAt | undefined {
  const position = metadata.text(POSITION_KEY);
  return position === "end" || position === "last" ? position : undefined;
}

/** @throws ArgsearchError REWARD_HEAD_INVALID */
export function storedHead(head: RewardHead, nEmbd: number): StoredHead {
  if (typeof head !== "object" || head === null) throw headError("must be an object { weight, bias, labels, scale, shift }");
  requireKnownKeys(head);
  const rows = weightRows(head.weight, nEmbd);
  const scale = perLabel("scale", head.scale, rows.length);
  if (scale?.includes(0)) throw headError("scale must not be 0");
  return {
    weight: floats("weight", rows.flat()),
    bias: perLabel("bias", head.bias, rows.length),
    labels: labelsOf(head.labels, rows.length),
    scale,
    shift: perLabel("shift", head.shift, rows.length),
    position: positionOf(head.position),
  };
}

function positionOf(position: unknown): RewardAt | undefined {
  if (position === undefined || position === "last" || position === "end") return position;
  throw headError('position must be "last" or "end"');
}

function requireKnownKeys(head: RewardHead): void {
  const known = [...Object.keys(HEAD_KEYS), "position"];
  const unknown = Object.keys(head).filter((key) => !known.includes(key));
  if (unknown.length === 0) return;
  const names = unknown.map((key) => JSON.stringify(key)).join(", ");
  const origin = "where it comes from is its provenance (--source, --dataset, --accuracy)";
  throw headError(`it has no ${names}; known are ${known.join(", ")}; ${origin}`);
}

function weightRows(weight: unknown, nEmbd: number): readonly (readonly unknown[])[] {
  if (!Array.isArray(weight) || weight.length === 0) throw headError("weight must be an array of numbers, or of one array a label");
  const rows: readonly unknown[] = Array.isArray(weight[0]) ? Array.from(weight) : [weight];
  return rows.map((row, index) => {
    if (Array.isArray(row) && row.length === nEmbd) return Array.from(row); // with its holes
    const which = rows.length === 1 ? "weight" : `weight[${index}]`;
    throw headError(`${which} has ${Array.isArray(row) ? row.length : "no"} numbers, the model's embedding is ${nEmbd} long`);
  });
}

function perLabel(name: string, given: unknown, rows: number): Float32Array | undefined {
  if (given === undefined) return undefined;
  if (!Array.isArray(given)) return Float32Array.of(float(name, given));
  if (given.length === rows || given.length === 1) return floats(name, given);
  throw headError(`${name} has ${given.length} numbers, weight has ${rows} rows`);
}

function labelsOf(labels: unknown, rows: number): string[] | undefined {
  if (labels === undefined) return undefined;
  const names = Array.isArray(labels) ? labels.filter((label) => typeof label === "string" && label !== "") : [];
  if (names.length === rows && new Set(names).size === rows && (labels as unknown[]).length === rows) return names;
  throw headError(`labels must be ${rows} different non-empty names, one a row of weight`);
}

function floats(name: string, values: readonly unknown[]): Float32Array {
  return Float32Array.from(values, (value, index) => float(`${name}[${index}]`, value));
}

/** A number that is finite in 32 bits, too. */
function float(name: string, value: unknown): number {
  if (typeof value === "number" && Number.isFinite(Math.fround(value))) return value;
  throw headError(`${name} must be a finite 32-bit number, got ${String(value)}`);
}

function headError(what: string): ArgsearchError {
  return new ArgsearchError("REWARD_HEAD_INVALID", `the reward head is invalid: ${what}`);
}
