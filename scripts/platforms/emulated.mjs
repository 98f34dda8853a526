// What was built for other platforms, run under emulators: the same tokens on an F32 copy of the embedded pair.
import { fault, Skip } from "./check.mjs";
import { linuxArm64, linuxMuslX64, win32X64 } from "./emulators.mjs";

/** Tokens of a response: emulated processors are slow. */
const TOKENS = 8;

async function decodes(place, { os, cpu, libc = "glibc" }, emulate) {
  if (process.platform === os && process.arch === cpu) throw new Skip("this machine is one: the installs show it");
  const emulator = await emulate();
  await place.binary(`${os}-${cpu}`, os === "linux" ? `argsearch.${libc}.node` : "argsearch.node");
  const [cwd, load] = [await place.installed({ os, cpu, libc }), await place.f32()];
  try {
    const program = { ...emulator, args: [...emulator.prefix, "module.mjs"], cwd };
    const { difference, report } = await place.decodeAlike(program, load, { maxTokens: TOKENS });
    const note = `${emulator.how}; ${report.tokens.flat().length} tokens, F32, rewards within ${difference.toExponential(0)}`;
    return { built: "yes", loaded: "yes", tokens: "same", note };
  } finally {
    await emulator.close?.();
  }
}

/** The addon is loaded, and says why the engine cannot be. */
async function saysWhy(place) {
  const emulator = await linuxMuslX64();
  await place.binary("linux-x64", "argsearch.musl.node");
  const cwd = await place.installed({ os: "linux", cpu: "x64", libc: "musl" });
  const program = { ...emulator, args: [...emulator.prefix, "module.mjs"], cwd };
  const { error } = (await place.decode(program, {})).report;
  if (error === undefined) throw fault("decodes, though there is no engine for musl", { built: "yes", loaded: "yes" });
  const note = `${emulator.how}: ${error.message} [${error.code}]`;
  const plain = error.code?.startsWith("ENGINE_") && /musl/.test(error.message) && /glibc/.test(error.message);
  if (!plain) throw fault(`does not say that the engine takes glibc. ${note}`, { built: "yes", loaded: "addon" });
  return { built: "yes", loaded: "addon", tokens: "-", note };
}

const X64 = { os: "win32", cpu: "x64" };

export const checks = [
  { name: "run/linux-arm64", run: (place) => decodes(place, { os: "linux", cpu: "arm64" }, linuxArm64) },
  { name: "run/win32-x64", run: (place) => decodes(place, X64, win32X64) },
  { name: "run/win32-x64-renamed", run: (place) => decodes(place, X64, () => win32X64("application.exe")) },
  { name: "run/linux-x64-musl", run: saysWhy },
];
