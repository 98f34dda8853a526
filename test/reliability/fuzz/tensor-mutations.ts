/** What can be wrong with one entry of the tensor table. */
import type { Random } from "../../helpers/random.js";
import { COUNTS, wrongCount } from "./counts.js";
import { type Pieces, type TensorEntry, textOf } from "./pieces.js";

/** Changes one entry; what was done. The table must have one. */
export function mutateTensors(pieces: Pieces, random: Random): string {
  const at = random.integer(0, pieces.tensors.length - 1);
  const tensor = pieces.tensors[at];
  if (tensor === undefined) throw new Error("no tensors");
  const name = tensor.name.bytes.toString();
  const other = random.pick(pieces.tensors);
  switch (random.integer(0, 9)) {
    case 0:
      pieces.tensors.splice(at, 1);
      pieces.tensorCount -= 1n;
      return `${name} missing`;
    case 1:
      pieces.tensors.push({ ...tensor, name: random.pick([tensor.name, textOf(`${name}.other`), textOf(""), textOf("x".repeat(80))]) });
      pieces.tensorCount += 1n;
      return `${name} again as ${JSON.stringify(pieces.tensors.at(-1)?.name.bytes.toString())}`;
    case 2:
      [tensor.name, other.name] = [other.name, tensor.name];
      return `names of ${name} and ${other.name.bytes} exchanged`;
    case 3:
      tensor.type = random.pick([...Array.from({ length: 45 }, (_, type) => type), 200, 2 ** 31, 2 ** 32 - 1]);
      return `${name} of type ${tensor.type}`;
    case 4:
      tensor.offset = random.pick([other.offset, tensor.offset + 1n, tensor.offset + 32n, wrongCount(tensor.offset, random)]);
      return `${name} at ${tensor.offset}`;
    case 5:
      tensor.name = random.pick([
        { ...tensor.name, length: wrongCount(tensor.name.length, random) },
        textOf(""),
        textOf("\0"),
        textOf("x".repeat(64)),
      ]);
      return `${name} renamed to ${JSON.stringify(tensor.name.bytes.toString())}, ${tensor.name.length} bytes`;
    case 6:
      tensor.dimensionCount = random.pick([0, 1, 2, 3, 4, 5, 2 ** 31, 2 ** 32 - 1]);
      return `${name} of ${tensor.dimensionCount} dimensions`;
    default:
      reshape(tensor, other, random);
      return `${name} of ${tensor.dimensions.join(" x ")}`;
  }
}

function reshape(tensor: TensorEntry, other: TensorEntry, random: Random): void {
  const { dimensions } = tensor;
  const at = random.integer(0, Math.max(0, dimensions.length - 1));
  const length = dimensions[at] ?? 0n;
  switch (random.integer(0, 5)) {
    case 0:
      dimensions.reverse();
      break;
    case 1:
      dimensions[at] = wrongCount(length, random);
      break;
    case 2:
      dimensions[at] = length / 2n;
      break;
    case 3: // as many values, in another shape
      dimensions.splice(
        0,
        dimensions.length,
        ...random.pick([[dimensions.reduce((a, b) => a * b, 1n)], [1n, ...dimensions], [...dimensions, 1n]]),
      );
      break;
    case 4:
      dimensions.splice(0, dimensions.length, ...other.dimensions);
      break;
    default:
      dimensions.push(random.pick(COUNTS));
  }
  tensor.dimensionCount = dimensions.length;
}
