// What a DLL of Windows imports and exports, out of its bytes (PE32+; Microsoft's PE format).
import { textAt } from "./elf.mjs";

const MACHINES = { 34404: "x64", 43620: "arm64" };
const DIRECTORY = { EXPORTS: 0, IMPORTS: 1, DELAYED: 13 };
const FLAG = { HIGH_ENTROPY: 0x20, DYNAMIC_BASE: 0x40, NX: 0x100 };

/** `needed`: DLLs, delayed ones too; `hardened`: it can lie at any address, and its data is not code. */
export function readPe(bytes) {
  const start = bytes.readUInt32LE(0x3c);
  if (bytes.toString("latin1", 0, 2) !== "MZ" || bytes.readUInt32BE(start) !== 0x50450000) throw new Error("is no PE file");
  const header = start + 24;
  if (bytes.readUInt16LE(header) !== 0x20b) throw new Error("is no 64-bit PE file");
  const place = placing(bytes, header + bytes.readUInt16LE(start + 20), bytes.readUInt16LE(start + 6));
  const directory = (index) => bytes.readUInt32LE(header + 112 + index * 8);
  const flags = bytes.readUInt16LE(header + 70);
  const wanted = FLAG.HIGH_ENTROPY | FLAG.DYNAMIC_BASE | FLAG.NX;
  return {
    cpu: MACHINES[bytes.readUInt16LE(start + 4)],
    needed: [
      ...dllsOf(bytes, place, directory(DIRECTORY.IMPORTS), { size: 20, name: 12 }),
      ...dllsOf(bytes, place, directory(DIRECTORY.DELAYED), { size: 32, name: 4 }),
    ],
    exported: exportsOf(bytes, place, directory(DIRECTORY.EXPORTS)),
    hardened: (flags & wanted) === wanted,
  };
}

/** From addresses in memory to places in the file. */
function placing(bytes, table, count) {
  const sections = Array.from({ length: count }, (_, index) => {
    const [address, size, offset] = [12, 16, 20].map((field) => bytes.readUInt32LE(table + index * 40 + field));
    return { address, size, offset };
  });
  return (address) => {
    const section = sections.find((each) => address >= each.address && address < each.address + each.size);
    if (section === undefined) throw new Error(`refers to nothing at ${address}`);
    return address - section.address + section.offset;
  };
}

/** Descriptors up to one of zeros. */
function dllsOf(bytes, place, address, { size, name }) {
  const names = [];
  if (address === 0) return names;
  for (let at = place(address); bytes.readUInt32LE(at + name) !== 0; at += size)
    names.push(textAt(bytes, place(bytes.readUInt32LE(at + name))));
  return names;
}

function exportsOf(bytes, place, address) {
  if (address === 0) return [];
  const table = place(address);
  const [count, names] = [bytes.readUInt32LE(table + 24), bytes.readUInt32LE(table + 32)];
  return Array.from({ length: count }, (_, index) => textAt(bytes, place(bytes.readUInt32LE(place(names) + index * 4))));
}
