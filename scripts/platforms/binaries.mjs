// What the tarball's binaries ask of a system, read without running them: for platforms that no emulator here can run, and for floors that
// no test on a newer system would notice.
import { readFileSync } from "node:fs";
import { fault } from "./check.mjs";
import { readElf } from "./elf.mjs";
import { readMachO } from "./macho.mjs";
import { readPe } from "./pe.mjs";

const ENTRY = "napi_register_module_v1";

/** Those of the engine's own libraries; GLIBCXX_3.4.30 came with GCC 12. */
const FLOORS = { GLIBC: "2.34", GLIBCXX: "3.4.30", CXXABI: "1.3.13", GCC: "4.2.0" };

const GLIBC = /^(libstdc\+\+\.so\.6|libgcc_s\.so\.1|lib(c|m|dl|pthread)\.so\.[0-9]|ld-linux-[\w-]+\.so\.[0-9])$/;
const SYSTEM_DLLS = /^(kernel32|api-ms-win-crt-[\w-]+)\.dll$/i;

/** macOS 14 is what the engine takes. */
const MACOS = "14.0";

/** Node's functions; and one of the system's own, which zig's list of what libSystem has lacks: the loader finds it all the same. */
const IN_PROCESS = /^_(napi_\w+|node_api_\w+|dladdr)$/;

function isNewer(version, floor) {
  const [a, b] = [version, floor].map((each) => each.split(".").map(Number));
  const at = a.findIndex((number, index) => number !== (b[index] ?? 0));
  return at >= 0 && a[at] > (b[at] ?? 0);
}

function glibcFaults({ needed, versions, paths, exported }) {
  const newer = versions.filter((each) => {
    const [family, version] = each.split("_");
    return FLOORS[family] === undefined || isNewer(version, FLOORS[family]);
  });
  return [
    ...needed.filter((name) => !GLIBC.test(name)).map((name) => `takes ${name}`),
    ...newer.map((version) => `takes ${version}`),
    ...paths.map((path) => `looks for libraries in ${path}`),
    ...missing(exported, ENTRY),
  ];
}

function muslFaults({ needed, versions, paths, exported }) {
  return [
    ...needed.filter((name) => !/^libc\.(so|musl-\w+\.so\.1)$/.test(name)).map((name) => `takes ${name}`),
    ...versions.map((version) => `takes ${version}`),
    ...paths.map((path) => `looks for libraries in ${path}`),
    ...missing(exported, ENTRY),
  ];
}

function machOFaults({ cpu, needed, minimum, lookedUp, exported, signature }) {
  return [
    ...needed.filter((name) => name !== "/usr/lib/libSystem.B.dylib").map((name) => `takes ${name}`),
    ...(minimum === undefined || isNewer(minimum, MACOS) ? [`takes macOS ${minimum}`] : []),
    ...lookedUp.filter((name) => !IN_PROCESS.test(name)).map((name) => `has ${name} from nowhere`),
    ...(lookedUp.length === 0 ? ["takes nothing from Node"] : []),
    ...missing(exported, `_${ENTRY}`),
    ...signatureFaults(cpu, signature),
  ];
}

function signatureFaults(cpu, signature) {
  if (signature === undefined) return cpu === "arm64" ? ["is not signed"] : [];
  const { pages, valid, whole } = signature;
  return [
    ...(valid < pages ? [`has ${pages - valid} of ${pages} pages that its signature denies`] : []),
    ...(whole ? [] : ["is signed in part"]),
  ];
}

function peFaults({ needed, exported, hardened }) {
  return [
    ...needed.filter((name) => !SYSTEM_DLLS.test(name)).map((name) => `takes ${name}`),
    ...(hardened ? [] : ["cannot lie at any address, or runs its data"]),
    ...missing(exported, ENTRY),
  ];
}

function missing(exported, name) {
  return exported.includes(name) ? [] : [`does not export ${name}`];
}

const elfNote = ({ versions, needed }) => `newest ${newest(versions).join(", ") || "version: none"}; takes ${needed.join(", ")}`;
const machONote = ({ minimum, needed, lookedUp, signature }) =>
  `macOS ${minimum}; takes ${needed.join(", ")} and ${lookedUp.length} of Node's functions; ` +
  (signature === undefined
    ? "not signed"
    : `signed${signature.adhoc ? " ad hoc" : ""}, ${signature.valid} of ${signature.pages} pages valid`);
const peNote = ({ needed }) => `takes ${needed.filter((name) => !/^api-ms-win-crt/i.test(name)).join(", ")} and the universal C runtime`;

/** The newest version of each family. */
function newest(versions) {
  const best = {};
  for (const each of versions) {
    const [family, version] = each.split("_");
    if (best[family] === undefined || isNewer(version, best[family])) best[family] = version;
  }
  return Object.entries(best).map(([family, version]) => `${family}_${version}`);
}

const ELF = { read: readElf, note: elfNote };
const FORMATS = {
  glibc: { ...ELF, faults: glibcFaults },
  musl: { ...ELF, faults: muslFaults },
  darwin: { read: readMachO, note: machONote, faults: machOFaults },
  win32: { read: readPe, note: peNote, faults: peFaults },
};

async function readable(place, platform, name, { read, note, faults }) {
  const binary = read(readFileSync(await place.binary(platform, name)));
  const wrong = faults(binary);
  const [, cpu] = platform.split("-");
  if (binary.cpu !== cpu) wrong.push(`is for ${binary.cpu}`);
  if (wrong.length > 0) throw fault(`prebuilds/${platform}/${name} ${wrong.join("; ")}`, { built: "yes" });
  return { built: "yes", note: note(binary) };
}

const linux = ["x64", "arm64"].flatMap((cpu) =>
  ["glibc", "musl"].map((libc) => ({
    name: `static/linux-${cpu}-${libc}`,
    run: (place) => readable(place, `linux-${cpu}`, `argsearch.${libc}.node`, FORMATS[libc]),
  })),
);

const others = ["darwin", "win32"].flatMap((system) =>
  ["x64", "arm64"].map((cpu) => ({
    name: `static/${system}-${cpu}`,
    run: (place) => readable(place, `${system}-${cpu}`, "argsearch.node", FORMATS[system]),
  })),
);

export const checks = [...linux, ...others];
