// What a library of macOS asks of the system, and whether its signature holds, out of its bytes (Mach-O, 64 bits; Apple's
// mach-o/loader.h, mach-o/nlist.h and kern/cs_blobs.h).
import { createHash } from "node:crypto";
import { textAt } from "./elf.mjs";
import { ANYWHERE, bindingsIn } from "./macho-bindings.mjs";

const CPUS = { 16777223: "x64", 16777228: "arm64" };
const COMMAND = { SYMBOLS: 2, LIBRARY: 0xc, SIGNATURE: 0x1d, BINDINGS: 0x80000022, BUILD_VERSION: 0x32 };
const EXTERNAL = 1;
const KIND = { MASK: 0x0e, SECTION: 0x0e };
const DEBUG = 0xe0;
const MAGIC = { FILE: 0xfeedfacf, SIGNATURE: 0xfade0cc0, DIRECTORY: 0xfade0c02 };
const ADHOC = 2;
const SHA256 = 2;

/**
 * `needed`: libraries, `minimum`: of macOS; `lookedUp`: names of no library, found in the process; `signature`: undefined without one.
 */
export function readMachO(bytes) {
  if (bytes.readUInt32LE(0) !== MAGIC.FILE) throw new Error("is no 64-bit Mach-O file");
  const commands = commandsOf(bytes);
  const of = (wanted) => commands.filter(({ command }) => command === wanted);
  const symbols = of(COMMAND.SYMBOLS).flatMap(({ at }) => symbolsOf(bytes, at));
  const bindings = of(COMMAND.BINDINGS).flatMap(({ at }) => bindingsAt(bytes, at));
  const [build] = of(COMMAND.BUILD_VERSION);
  const [signature] = of(COMMAND.SIGNATURE);
  return {
    cpu: CPUS[bytes.readUInt32LE(4)],
    needed: of(COMMAND.LIBRARY).map(({ at }) => textAt(bytes, at + bytes.readUInt32LE(at + 8))),
    minimum: build && versionAt(bytes, build.at + 12),
    lookedUp: bindings.filter(([, library]) => library === ANYWHERE).map(([name]) => name),
    exported: symbols.filter(({ kind }) => kind === KIND.SECTION).map(({ name }) => name),
    signature: signature && signatureAt(bytes, bytes.readUInt32LE(signature.at + 8)),
  };
}

function commandsOf(bytes) {
  const commands = [];
  for (let at = 32, left = bytes.readUInt32LE(16); left > 0; left--) {
    commands.push({ command: bytes.readUInt32LE(at), at });
    at += bytes.readUInt32LE(at + 4);
  }
  return commands;
}

/** External symbols without debuggers' ones. */
function symbolsOf(bytes, at) {
  const [start, count, strings] = [8, 12, 16].map((offset) => bytes.readUInt32LE(at + offset));
  return Array.from({ length: count }, (_, index) => start + index * 16)
    .filter((symbol) => (bytes[symbol + 4] & EXTERNAL) !== 0 && (bytes[symbol + 4] & DEBUG) === 0)
    .map((symbol) => ({
      name: textAt(bytes, strings + bytes.readUInt32LE(symbol)),
      kind: bytes[symbol + 4] & KIND.MASK,
    }));
}

/** What is bound at load, and what at its first call. Weak bindings among libraries are told by the others. */
function bindingsAt(bytes, at) {
  return [16, 32].flatMap((field) => bindingsIn(bytes, bytes.readUInt32LE(at + field), bytes.readUInt32LE(at + field + 4)));
}

function versionAt(bytes, at) {
  return `${bytes.readUInt16LE(at + 2)}.${bytes[at + 1]}`;
}

/** Apple silicon runs nothing whose pages differ from their hashes. */
function signatureAt(bytes, at) {
  if (bytes.readUInt32BE(at) !== MAGIC.SIGNATURE) throw new Error("has a signature of an unknown kind");
  const blobs = Array.from({ length: bytes.readUInt32BE(at + 8) }, (_, index) => at + bytes.readUInt32BE(at + 16 + index * 8));
  const directory = blobs.find((blob) => bytes.readUInt32BE(blob) === MAGIC.DIRECTORY);
  if (directory === undefined) throw new Error("has a signature without a directory of its code");
  const word = (offset) => bytes.readUInt32BE(directory + offset);
  const [flags, hashes, pages, limit] = [word(12), directory + word(16), word(28), word(32)];
  const [size, type, pageSize] = [bytes[directory + 36], bytes[directory + 37], 2 ** bytes[directory + 39]];
  if (type !== SHA256) throw new Error(`has a signature with hashes of type ${type}`);
  const valid = Array.from({ length: pages }, (_, page) => {
    const digest = createHash("sha256")
      .update(bytes.subarray(page * pageSize, Math.min((page + 1) * pageSize, limit)))
      .digest();
    return digest.subarray(0, size).equals(bytes.subarray(hashes + page * size, hashes + (page + 1) * size));
  }).filter(Boolean).length;
  return { adhoc: (flags & ADHOC) !== 0, pages, valid, whole: pages === Math.ceil(limit / pageSize) && limit === at };
}
