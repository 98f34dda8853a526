// Where a library of macOS has the loader look for each name (dyld's binding opcodes; Apple's mach-o/loader.h).
import { textAt } from "./elf.mjs";

const OPCODE = {
  ORDINAL: 0x10,
  LONG_ORDINAL: 0x20,
  SPECIAL: 0x30,
  SYMBOL: 0x40,
  ADDEND: 0x60,
  SEGMENT: 0x70,
  ADVANCE: 0x80,
  BIND_AND_ADVANCE: 0xa0,
  BIND_REPEATED: 0xc0,
};

/** Numbers of 7 bits a byte behind each opcode. */
const NUMBERS = {
  [OPCODE.LONG_ORDINAL]: 1,
  [OPCODE.ADDEND]: 1,
  [OPCODE.SEGMENT]: 1,
  [OPCODE.ADVANCE]: 1,
  [OPCODE.BIND_AND_ADVANCE]: 1,
  [OPCODE.BIND_REPEATED]: 2,
};

/** In any library of the process: what -undefined dynamic_lookup leaves for Node's functions. */
export const ANYWHERE = -2;

/** Pairs of a name and the number of the library that has it, from 1; one of 0 and less is special. */
export function bindingsIn(bytes, start, size) {
  const found = new Map();
  let library = 0;
  for (let at = start; at < start + size; ) {
    const [opcode, immediate] = [bytes[at] & 0xf0, bytes[at] & 0x0f];
    at += 1;
    if (opcode === OPCODE.ORDINAL) library = immediate;
    if (opcode === OPCODE.SPECIAL) library = immediate === 0 ? 0 : immediate - 16;
    if (opcode === OPCODE.SYMBOL) {
      const name = textAt(bytes, at);
      found.set(name, library);
      at += name.length + 1;
    }
    for (let left = NUMBERS[opcode] ?? 0; left > 0; left--) {
      const begin = at;
      while (bytes[at] & 0x80) at += 1;
      at += 1;
      if (opcode === OPCODE.LONG_ORDINAL) library = number(bytes, begin, at);
    }
  }
  return [...found];
}

function number(bytes, from, to) {
  return bytes.subarray(from, to).reduce((sum, byte, index) => sum + (byte & 0x7f) * 2 ** (7 * index), 0);
}
