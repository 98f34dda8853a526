/** Which of the engine's devices a model is loaded on. */
import { ArgsearchError } from "../errors.js";
import type { Gpu } from "../types.js";
import { binding, type Device } from "./binding.js";
import { native } from "./native.js";
import { BACKENDS } from "./packages.js";

export const RPC_BACKEND = "RPC";

export interface Placement {
  /** As it was chosen: false where no GPU of this machine is used. */
  gpu: Gpu;
  /** Names of the devices of the servers that were asked for. */
  rpc: readonly string[];
}

/**
 * Names of devices for a model: the one that was asked for, else those of the RPC servers and the GPUs that `gpu` allows, over which llama.cpp
 * spreads its layers. Undefined where that is what the engine does by itself.
 *
 * @throws ArgsearchError DEVICE_UNAVAILABLE with what there is
 */
export function devicesFor({ gpu, rpc }: Placement, chosen?: { name: string; option: string }): string[] | undefined {
  const all = native(() => binding().devices());
  const usable = all.filter(({ name, backend }) => backend !== RPC_BACKEND || rpc.includes(name));
  if (chosen !== undefined) {
    if (usable.some(({ name }) => name === chosen.name)) return [chosen.name];
    throw unknownDevice(chosen.name, chosen.option, usable);
  }
  // Those of other models in this process are not meant for this one.
  if (!all.some(({ backend }) => backend === RPC_BACKEND)) return undefined;
  const names = [...rpc, ...localGpus(usable, gpu).map(({ name }) => name)];
  return names.length > 0 ? names : usable.filter(({ type }) => type === "cpu").map(({ name }) => name);
}

/** As llama.cpp takes them: those that share the processor's memory where there is no other. */
function localGpus(devices: readonly Device[], gpu: Gpu): Device[] {
  if (gpu === false) return [];
  const local = devices.filter(({ backend }) => backend !== RPC_BACKEND && (gpu === "auto" || backend === BACKENDS[gpu]));
  const cards = local.filter(({ type }) => type === "gpu");
  return cards.length > 0 ? cards : local.filter(({ type }) => type === "igpu");
}

function unknownDevice(name: string, option: string, devices: readonly Device[]): ArgsearchError {
  const list = devices.map((device) => `${device.name} (${device.backend === RPC_BACKEND ? "RPC, " : ""}${device.description})`).join(", ");
  return new ArgsearchError("DEVICE_UNAVAILABLE", `${option}: no device "${name}" here. There are ${list}`, { option });
}
