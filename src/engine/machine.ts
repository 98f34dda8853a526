/** What can be seen of this machine's GPUs without calling their drivers, which may hang or end the process. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { hostname, release } from "node:os";
import { join } from "node:path";
import { stateOf } from "../files/state.js";

/** Files that are there wherever NVIDIA's driver is, on Linux, in its containers, on its small boards and under Windows. */
const NVIDIA = ["/proc/driver/nvidia/version", "/dev/nvidiactl", "/dev/nvmap", "/dev/dxg"];

const WINDOWS_DRIVERS: Readonly<Record<string, string>> = { cuda: "nvcuda.dll", vulkan: "vulkan-1.dll" };

/** Variables that say which drivers and devices there are, or how they are used. */
const VARIABLES = /^(CUDA|NVIDIA|VK|HIP|ROCR|HSA|ONEAPI|SYCL|MESA|GGML|LD_LIBRARY_PATH|DYLD)/;

/** False where there can be no device for a backend ("cuda", "vulkan", …). Where that cannot be told, there may be one. */
export function mayHave(gpu: string): boolean {
  if (process.platform === "win32") {
    const driver = WINDOWS_DRIVERS[gpu];
    return driver === undefined || existsSync(systemFile(driver));
  }
  if (process.platform !== "linux" || !(gpu === "cuda" || gpu === "vulkan")) return true;
  const { CUDA_VISIBLE_DEVICES, VK_DRIVER_FILES, VK_ICD_FILENAMES } = process.env;
  if (NVIDIA.some((file) => existsSync(file))) return true;
  if (gpu === "cuda") return CUDA_VISIBLE_DEVICES !== undefined && !/^(-1)?$/.test(CUDA_VISIBLE_DEVICES);
  return names("/dev/dri").some((name) => name.startsWith("render")) || Boolean(VK_DRIVER_FILES ?? VK_ICD_FILENAMES);
}

/** Changes with the GPUs of this machine, with their drivers, and with what the environment tells these. */
export function driverState(): string[] {
  const variables = Object.entries(process.env).filter(([name]) => VARIABLES.test(name));
  return [hostname(), release(), ...variables.map(([name, value]) => `${name}=${value}`).sort(), ...devicesAndDrivers()];
}

function devicesAndDrivers(): string[] {
  if (process.platform === "win32") return Object.values(WINDOWS_DRIVERS).map((driver) => stateOf(systemFile(driver)));
  if (process.platform !== "linux") return [];
  const nvidia = "/proc/driver/nvidia";
  const cards = names(`${nvidia}/gpus`).map((card) => /^Model:.*$/m.exec(text(`${nvidia}/gpus/${card}/information`))?.[0] ?? "");
  const others = names("/sys/class/drm").filter((name) => /^card\d+$/.test(name));
  const ids = others.map((card) => ["vendor", "device"].map((id) => text(`/sys/class/drm/${card}/device/${id}`)).join(":"));
  const vulkan = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d"].flatMap((dir) => names(dir).map((name) => stateOf(join(dir, name))));
  return [text(`${nvidia}/version`), ...cards, ...ids, ...vulkan].map((each) => each.trim());
}

function systemFile(name: string): string {
  return join(process.env.SystemRoot ?? "C:\\Windows", "System32", name);
}

function names(dir: string): string[] {
  try {
    return readdirSync(dir).sort();
  } catch {
    return [];
  }
}

function text(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
