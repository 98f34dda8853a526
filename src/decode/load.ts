import { withFilesToLoad } from "../reward/hub-models.js";
import type { LoadOptions } from "../types.js";
import type { Decoder } from "./decoder.js";
import { loadIsolated } from "./isolated-decoder.js";
import { loadLocal } from "./load-local.js";
import { resolveLoad } from "./load-options.js";
import { loadRemote } from "./load-remote.js";

/**
 * Loads a policy and what guides it; without options, the embedded pair. With `isolate`, into a process of its own. Of a policy on a server nothing is
 * loaded but the reward models beside it.
 *
 * @throws ArgsearchError OPTION_INVALID; INPUT_INVALID for a settings file; ADDON_NOT_FOUND, ENGINE_NOT_FOUND, ENGINE_INCOMPATIBLE, DEVICE_UNAVAILABLE;
 * FILE_NOT_FOUND, NOT_A_FILE, FILE_UNREADABLE, NOT_GGUF, MODEL_INVALID, MODEL_UNSUPPORTED; REWARD_HEAD_MISSING,
 * REWARD_HEAD_INVALID, VOCABULARY_MISMATCH; OUT_OF_MEMORY; ABORTED; REMOTE_FAILED for a policy
 * on a server that cannot be reached; HUB_NOT_FOUND, HUB_UNAUTHORIZED, HUB_UNREACHABLE, HUB_FAILED, FILE_UNWRITABLE for models of the Hub; with `isolate` ISOLATION_UNAVAILABLE, ENGINE_DIED, ENGINE_NOT_RESPONDING
 */
export async function load(options: LoadOptions = {}): Promise<Decoder> {
  const checked = resolveLoad(options);
  const local = await withFilesToLoad(options);
  const resolved = local === options ? checked : resolveLoad(local);
  if (resolved.remote !== undefined) return loadRemote(local, resolved, resolved.remote);
  return resolved.isolation === undefined ? loadLocal(resolved) : loadIsolated(local, resolved, resolved.isolation);
}
