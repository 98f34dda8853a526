// What a shared library was built for, by the first bytes of its format.

const MACHINES = {
  elf: { 62: "x64", 183: "arm64" },
  macho: { 16777223: "x64", 16777228: "arm64" },
  pe: { 34404: "x64", 43620: "arm64" },
};

/** Node's names: { platform, arch }; undefined for what is no 64-bit library of Linux, macOS or Windows. */
export function formatOf(bytes) {
  if (bytes.length < 64) return undefined;
  if (bytes.readUInt32BE(0) === 0x7f454c46 && bytes[4] === 2) return named("linux", MACHINES.elf[bytes.readUInt16LE(18)]);
  if (bytes.readUInt32LE(0) === 0xfeedfacf) return named("darwin", MACHINES.macho[bytes.readUInt32LE(4)]);
  const pe = bytes.toString("latin1", 0, 2) === "MZ" ? bytes.readUInt32LE(60) : bytes.length;
  if (pe + 6 > bytes.length || bytes.toString("latin1", pe, pe + 4) !== "PE\0\0") return undefined;
  return named("win32", MACHINES.pe[bytes.readUInt16LE(pe + 4)]);
}

function named(platform, arch) {
  return arch === undefined ? undefined : { platform, arch };
}
