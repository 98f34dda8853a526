/** One pair's hidden states, and how its record begins on disk. */
import { PLACES } from "./prefixes.js";

/**
 * What was read: the pair itself; the same with earlier turns joined to it, so that it is long; or its preferred response against a copy
 * that repeats itself.
 */
export const KINDS = ["pair", "long", "repetition"] as const;
export type Kind = (typeof KINDS)[number];

/** A pair as it was read. */
export interface FeatureRecord {
  kind: Kind;
  /** Names the pair's content, 64 bits; the same for all kinds. */
  pairHash: bigint;
  /** Names its prompt, which pairs may share. */
  promptHash: bigint;
  /** It is from the held-out file, not from the pairs to fit on. */
  heldOut: boolean;
  /** Its prompt or its responses did not fit the context whole. */
  cut: boolean;
  /** Ascending places, one a row; none for a pair that could not be read. */
  places: readonly number[];
  /** places x (chosen, rejected) x length of a hidden state, row-major. */
  values: Float32Array;
}

export type RecordHead = Omit<FeatureRecord, "values">;

/** Bytes before the values: two hashes, the places as bits, flags. A multiple of 4, so that the values stay aligned. */
export const HEAD_BYTES = 24;

const HELD_OUT = 1;
const CUT = 2;
/** Bits of the flags above which the kind's number stands. */
const KIND_SHIFT = 2;

export function encodeHead({ kind, pairHash, promptHash, heldOut, cut, places }: RecordHead): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeBigUInt64LE(pairHash, 0);
  head.writeBigUInt64LE(promptHash, 8);
  head.writeUInt32LE(
    places.reduce((bits, place) => bits | (1 << place), 0),
    16,
  );
  head.writeUInt32LE((heldOut ? HELD_OUT : 0) | (cut ? CUT : 0) | (KINDS.indexOf(kind) << KIND_SHIFT), 20);
  return head;
}

/** `at`: byte offset of the record. */
export function decodeHead(bytes: Buffer, at: number): RecordHead {
  const bits = bytes.readUInt32LE(at + 16);
  const flags = bytes.readUInt32LE(at + 20);
  return {
    kind: KINDS[(flags >> KIND_SHIFT) & 3],
    pairHash: bytes.readBigUInt64LE(at),
    promptHash: bytes.readBigUInt64LE(at + 8),
    heldOut: (flags & HELD_OUT) !== 0,
    cut: (flags & CUT) !== 0,
    places: placesOf(bits),
  };
}

/** The same array for the same bits: a fit decodes every record some hundred times. */
function placesOf(bits: number): readonly number[] {
  let places = decoded.get(bits);
  if (places === undefined) {
    places = Array.from({ length: PLACES }, (_, place) => place).filter((place) => (bits & (1 << place)) !== 0);
    decoded.set(bits, places);
  }
  return places;
}

const decoded = new Map<number, readonly number[]>();

/** Bytes of a whole record. `rowLength`: length of a hidden state. */
export function recordBytes({ places }: RecordHead, rowLength: number): number {
  return HEAD_BYTES + places.length * 2 * rowLength * Float32Array.BYTES_PER_ELEMENT;
}
