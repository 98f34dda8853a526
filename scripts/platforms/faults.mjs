// What goes wrong on Windows, where an exception of the engine cannot be caught: typed errors, the same as here, from a process that lives.
import { fault, Skip } from "./check.mjs";
import { win32X64 } from "./emulators.mjs";
import { ending } from "./execute.mjs";

const X64 = { os: "win32", cpu: "x64" };

async function typed(place) {
  if (process.platform === "win32") throw new Skip("this machine is one: the tests show it");
  const emulator = await win32X64();
  await place.binary("win32-x64", "argsearch.node");
  const [cwd, load] = [await place.installed(X64), await place.f32()];
  const here = { command: process.execPath, args: ["faults.mjs"], cwd: await place.installed() };
  const there = { ...emulator, args: [...emulator.prefix, "faults.mjs"], cwd };
  try {
    const wanted = await place.decode(here, load);
    const found = await place.decode(there, load);
    compareFaults(found, wanted);
    const note = await withoutRuntime(place, there);
    const seen = Object.values(found.report.faults);
    return { built: "yes", loaded: "yes", tokens: "same", note: `${emulator.how}: ${seen.length} faults, ${seen.join(", ")}; ${note}` };
  } finally {
    await emulator.close();
  }
}

function compareFaults({ report, result }, wanted) {
  const last = Object.entries(report.faults ?? {}).find(([, code]) => code === "running");
  if (last !== undefined || result.status !== 0) throw fault(`at "${last?.[0]}" the process ${ending(result)}`, { loaded: "yes" });
  for (const [name, code] of Object.entries(report.faults)) {
    const here = wanted.report.faults?.[name];
    if (code !== here || !/^[A-Z_]+$/.test(code)) throw fault(`"${name}" is ${code}, on this machine ${here}`, { loaded: "yes" });
  }
  if (String(report.tokens) !== String(wanted.report.tokens)) {
    throw fault(`what is decoded afterwards is ${report.tokens}, on this machine ${wanted.report.tokens}`, {
      loaded: "yes",
      tokens: "differ",
    });
  }
}

/** Wine brings the libraries of the Visual C++ runtime; many a Windows does not. */
async function withoutRuntime(place, program) {
  const { report } = await place.decode({
    ...program,
    args: [...program.args.slice(0, -1), "module.mjs"],
    env: { ...program.env, WINEDLLOVERRIDES: "msvcp140=" },
  });
  const { code, message = "nothing" } = report.error ?? {};
  if (code !== "ENGINE_INCOMPATIBLE" || !/Visual C\+\+/.test(message))
    throw fault(`without msvcp140.dll it says ${message} [${code}]`, { loaded: "yes" });
  return `without msvcp140.dll ${message.slice(message.indexOf("Install"))}`;
}

export const checks = [{ name: "run/win32-x64-faults", run: typed }];
