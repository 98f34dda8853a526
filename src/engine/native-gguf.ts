/** GGUF files as the addon reads and writes them. */

export type GgufScalar = string | number | boolean;

export interface GgufEntry {
  key: string;
  /** GGUF type name: "u32", "f32", "str", "arr[f32]", … */
  type: string;
  /** Whole for scalars and for numeric arrays of at most 1,048,576 items; string arrays at most 64; else null. */
  value: GgufScalar | GgufScalar[] | Float64Array | null;
  /** Items of an array, 1 for a scalar. */
  count: number;
}

/** A tensor, and where its bytes are. */
export interface GgufTensor {
  name: string;
  /** ggml's name. */
  type: string;
  /** Four numbers, the fastest first. */
  shape: number[];
  /** Path. */
  file: string;
  /** Of its first byte in the file. */
  offset: number;
  bytes: number;
}

/** A file, or a split model, whose first part has the metadata. */
export interface GgufFile {
  version: number;
  /** Paths of its files, in their order. */
  files: string[];
  /** Bytes of all files. */
  size: number;
  entries: GgufEntry[];
  /** Of all files. */
  tensors: GgufTensor[];
  /** Tensors, parameters and bytes by ggml type name, of all files; so are the counts below. */
  tensorTypes: { type: string; tensors: number; parameters: number; bytes: number }[];
  tensorCount: number;
  parameters: number;
}

/** A metadata key to set. f32 arrays are Float32Array; a string array is string[]. */
export interface GgufSet {
  key: string;
  value: string | string[] | { f32: number } | Float32Array;
}
