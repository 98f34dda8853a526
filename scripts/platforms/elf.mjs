// What a shared library of Linux asks of the system, out of its bytes (ELF, 64 bits, little-endian; System V gABI).
const MACHINES = { 62: "x64", 183: "arm64" };
const SECTION = { DYNAMIC: 6, SYMBOLS: 11, VERSIONS_NEEDED: 0x6ffffffe };
const DYNAMIC = { NEEDED: 1, SONAME: 14, RPATH: 15, RUNPATH: 29 };

/** `needed`: libraries; `versions`: "GLIBC_2.34" and the like; `paths`: where libraries are looked for; `exported`: names. */
export function readElf(bytes) {
  if (bytes.readUInt32BE(0) !== 0x7f454c46 || bytes[4] !== 2 || bytes[5] !== 1) throw new Error("is no 64-bit little-endian ELF file");
  const sections = sectionsOf(bytes);
  const dynamic = entriesOf(bytes, sections);
  return {
    cpu: MACHINES[bytes.readUInt16LE(18)],
    needed: dynamic.filter(({ tag }) => tag === DYNAMIC.NEEDED).map(({ text }) => text),
    paths: dynamic.filter(({ tag }) => tag === DYNAMIC.RPATH || tag === DYNAMIC.RUNPATH).map(({ text }) => text),
    versions: versionsOf(bytes, sections),
    exported: exportsOf(bytes, sections),
  };
}

function sectionsOf(bytes) {
  const [start, size, count] = [Number(bytes.readBigUInt64LE(40)), bytes.readUInt16LE(58), bytes.readUInt16LE(60)];
  return Array.from({ length: count }, (_, index) => {
    const at = start + index * size;
    const long = (offset) => Number(bytes.readBigUInt64LE(at + offset));
    return {
      type: bytes.readUInt32LE(at + 4),
      offset: long(24),
      size: long(32),
      link: bytes.readUInt32LE(at + 40),
      info: bytes.readUInt32LE(at + 44),
    };
  });
}

/** The only section of a type, with the strings that it refers to. */
function sectionOf(bytes, sections, type) {
  const section = sections.find((each) => each.type === type);
  if (section === undefined) return undefined;
  const strings = sections[section.link].offset;
  return { ...section, text: (index) => textAt(bytes, strings + index) };
}

export function textAt(bytes, at) {
  return bytes.toString("latin1", at, bytes.indexOf(0, at));
}

function entriesOf(bytes, sections) {
  const section = sectionOf(bytes, sections, SECTION.DYNAMIC);
  if (section === undefined) throw new Error("is not linked dynamically");
  return Array.from({ length: section.size / 16 }, (_, index) => {
    const at = section.offset + index * 16;
    const [tag, value] = [Number(bytes.readBigInt64LE(at)), Number(bytes.readBigUInt64LE(at + 8))];
    const named = tag === DYNAMIC.NEEDED || tag === DYNAMIC.RPATH || tag === DYNAMIC.RUNPATH;
    return { tag, text: named ? section.text(value) : "" };
  });
}

/** Each library's record leads to those of its versions. */
function versionsOf(bytes, sections) {
  const section = sectionOf(bytes, sections, SECTION.VERSIONS_NEEDED);
  const names = [];
  if (section === undefined) return names;
  for (let at = section.offset, left = section.info; left > 0; left--) {
    let version = at + bytes.readUInt32LE(at + 8);
    for (let more = bytes.readUInt16LE(at + 2); more > 0; more--) {
      names.push(section.text(bytes.readUInt32LE(version + 8)));
      version += bytes.readUInt32LE(version + 12);
    }
    at += bytes.readUInt32LE(at + 12);
  }
  return names;
}

function exportsOf(bytes, sections) {
  const section = sectionOf(bytes, sections, SECTION.SYMBOLS);
  if (section === undefined) return [];
  return Array.from({ length: section.size / 24 }, (_, index) => section.offset + index * 24)
    .filter((at) => bytes.readUInt16LE(at + 6) !== 0 && bytes[at + 4] >> 4 !== 0) // defined here, and not local
    .map((at) => section.text(bytes.readUInt32LE(at)));
}
