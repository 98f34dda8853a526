import type { EngineOptions } from "../types.js";
import { binding, type NativeDevice } from "./binding.js";
import { openEngine } from "./engine.js";
import { native } from "./native.js";
import { resolveEngine } from "./options.js";

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
