import { binding, type NativeDevice } from "./binding.js";
import { native } from "./border.js";
import { openEngine } from "./engine.js";
import { resolveEngine } from "./options.js";
import type { EngineOptions } from "./types.js";

/** A processor that llama.cpp can use. */
export type Device = NativeDevice;

/**
 * The devices that the engine finds on this machine, the CPU among them.
 *
 * @throws ArgsearchError ENGINE_NOT_FOUND, ENGINE_INCOMPATIBLE, DEVICE_UNAVAILABLE, OPTION_INVALID
 */
export function devices(options?: EngineOptions): Device[] {
  openEngine(resolveEngine(options));
  return native(() => binding().devices());
}
