/** Which llama.cpp does the work: defaults and validation. */
import type { EngineOptions, Gpu } from "../types.js";
import { checkNames, given, type Names, nonEmptyText, oneOf } from "../validate.js";

export interface ResolvedEngine {
  engineDir: string | undefined;
  gpu: Gpu;
}

export const ENGINE: Names<EngineOptions> = { engineDir: true, gpu: true };

/** @throws ArgsearchError OPTION_INVALID */
export function resolveEngine(options: EngineOptions = {}): ResolvedEngine {
  checkNames("the engine", options, ENGINE);
  return engineOf(options);
}

/** The engine's part of options whose names have been checked. */
export function engineOf(options: EngineOptions): ResolvedEngine {
  return {
    engineDir: given(options.engineDir, undefined, (value) => nonEmptyText("engineDir", value)),
    gpu: given(options.gpu, "auto", (value) => oneOf("gpu", value, ["auto", "cuda", "vulkan", "metal", false])),
  };
}
