/** One way to make a GGUF file wrong after another, each by a seeded generator: a seed always gives the same file. */
import { Random } from "../../helpers/random.js";
import { wrongCount } from "./counts.js";
import { mutateMetadata } from "./metadata-mutations.js";
import { headerOf, type Pieces, putTogether } from "./pieces.js";
import { mutateTensors } from "./tensor-mutations.js";

export interface Mutation {
  /** What was done, in words. */
  name: string;
  bytes: Buffer;
}

/** Where a file is made wrong; each gets its share of the seeds. */
const PLACES = ["metadata", "metadata", "metadata", "tensor table", "tensor table", "header", "bits", "data", "cut", "splice"] as const;

/** In one case of six a second place is wrong as well. */
export function mutate(original: Pieces, seed: number): Mutation {
  const random = new Random(seed);
  const pieces = copy(original);
  const place = random.pick(PLACES);
  const also = random.uniform() < 1 / 6 ? `; ${structural(pieces, random.pick(["metadata", "tensor table"]), random)}` : "";
  if (place === "metadata" || place === "tensor table" || place === "header") {
    const name = structural(pieces, place, random);
    return { name: name + also, bytes: putTogether(pieces) };
  }
  const { name, bytes } = ON_BYTES[place](putTogether(pieces), headerOf(pieces).length, random);
  return { name: name + also, bytes };
}

/** What the mutations change in place; bytes are never changed where they lie. */
function copy(pieces: Pieces): Pieces {
  return {
    ...pieces,
    metadata: pieces.metadata.map((entry) => ({ ...entry })),
    tensors: pieces.tensors.map((tensor) => ({ ...tensor, dimensions: [...tensor.dimensions] })),
  };
}

function structural(pieces: Pieces, place: "metadata" | "tensor table" | "header", random: Random): string {
  if (place === "metadata") return mutateMetadata(pieces, random);
  if (place === "tensor table" && pieces.tensors.length > 0) return mutateTensors(pieces, random);
  return mutateHeader(pieces, random);
}

function mutateHeader(pieces: Pieces, random: Random): string {
  switch (random.integer(0, 3)) {
    case 0:
      pieces.magic = Buffer.from(random.pick(["GGUf", "FUGG", "GGML", "\0\0\0\0"]));
      return `magic ${JSON.stringify(pieces.magic.toString())}`;
    case 1:
      pieces.version = random.pick([0, 1, 2, 4, 0x03000000, 2 ** 32 - 1]);
      return `version ${pieces.version}`;
    case 2:
      pieces.metadataCount = wrongCount(pieces.metadataCount, random);
      return `${pieces.metadataCount} metadata entries`;
    default:
      pieces.tensorCount = wrongCount(pieces.tensorCount, random);
      return `${pieces.tensorCount} tensors`;
  }
}

type OnBytes = (whole: Buffer, header: number, random: Random) => Mutation;

const ON_BYTES: Readonly<Record<"bits" | "data" | "cut" | "splice", OnBytes>> = {
  /** One to sixteen bits of the header. */
  bits(whole, header, random) {
    const bytes = Buffer.from(whole);
    const places = Array.from({ length: 2 ** random.integer(0, 4) }, () => random.integer(0, header - 1));
    for (const place of places) bytes.writeUInt8(bytes.readUInt8(place) ^ (1 << random.integer(0, 7)), place);
    return { name: `bits flipped at ${places.join(", ")}`, bytes };
  },
  /** A stretch of the tensors' values: NaN, infinity, zero, or anything. */
  data(whole, header, random) {
    const bytes = Buffer.from(whole);
    const from = random.integer(Math.min(header, bytes.length - 1), bytes.length - 1);
    const to = Math.min(bytes.length, from + 2 ** random.integer(0, 16));
    const fill = random.pick([0, 0xff, 0x7f, undefined]);
    if (fill === undefined) for (let at = from; at < to; at++) bytes.writeUInt8(random.integer(0, 255), at);
    else bytes.fill(fill, from, to);
    return { name: `bytes ${from} to ${to} ${fill === undefined ? "random" : `= ${fill}`}`, bytes };
  },
  cut(whole, header, random) {
    const end = random.integer(0, random.pick([32, header, header, whole.length - 1]));
    return { name: `cut to ${end} of ${whole.length} bytes`, bytes: whole.subarray(0, end) };
  },
  /** A piece of the header is missing, doubled or put elsewhere. */
  splice(whole, header, random) {
    const from = random.integer(0, header - 1);
    const to = Math.min(header, from + 2 ** random.integer(0, 10));
    const at = random.integer(0, header - 1);
    const [before, piece, behind] = [whole.subarray(0, from), whole.subarray(from, to), whole.subarray(to)];
    switch (random.integer(0, 2)) {
      case 0:
        return { name: `bytes ${from} to ${to} missing`, bytes: Buffer.concat([before, behind]) };
      case 1:
        return { name: `bytes ${from} to ${to} twice`, bytes: Buffer.concat([before, piece, piece, behind]) };
      default: {
        const bytes = Buffer.from(whole);
        piece.copy(bytes, at);
        return { name: `bytes ${from} to ${to} again at ${at}`, bytes };
      }
    }
  },
};
