import { stat } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import { cancellable, throwIfAborted } from "../engine/abort.js";
import { binding, type NativeModel } from "../engine/binding.js";
import { BACKENDS } from "../engine/engine.js";
import { native } from "../engine/native.js";
import { devicesFor } from "../engine/placement.js";
import { rpcDevices } from "../engine/rpc.js";
import { ArgsearchError } from "../errors.js";
import { modelParts } from "../files/model-parts.js";
import { sameTrunk } from "../gguf/trunk.js";
import { toldOfAdapter } from "./adapter-file.js";
import { extrasOf } from "./extras.js";
import { Model } from "./model.js";
import { DEFAULT_CONTEXT, type ResolvedModelOptions } from "./options.js";

/** A file with a chat template in place of its own, and the option that gave it. */
export interface ModelFile {
  path: string;
  template?: { text: string; option: string } | undefined;
  /** What it is loaded for; default "reward": to read texts. */
  role?: "policy" | "reward" | undefined;
  /** Path of a LoRA adapter that is added to its weights. */
  adapter?: string | undefined;
  /** The option that named it, for messages about a file that is not there. */
  option?: string | undefined;
}

/** A file on a device, undefined for those that llama.cpp would take. */
interface Placed {
  path: string;
  devices: string[] | undefined;
  adapter?: string | undefined;
  option?: string | undefined;
}

export interface LoadModelsOptions extends ResolvedModelOptions {
  /** Heads of other files that stand on the first file's trunk are put on its weights. */
  shareTrunk?: boolean;
}

/**
 * Loads the files one after another, and a file that is named twice once, with or without adapters; one model a file, in order. When one
 * fails, those loaded before are freed. The engine must be open.
 */
export async function loadModels(files: readonly ModelFile[], options: LoadModelsOptions): Promise<Model[]> {
  const rpc = await rpcDevices(options.rpc, options.signal);
  const places = files.map((file) => placed(file, options, rpc));
  const distinct = new Map(places.map((place) => [keyOf(place), place]));
  const plain = new Map([...distinct.values()].map((place) => [keyOf(withoutAdapter(place)), withoutAdapter(place)]));
  const report = await progressOver(
    places.map(({ path }) => path),
    options.onProgress,
  );
  const loaded = new Map<string, Model>();
  const [first] = places;
  try {
    for (const [key, place] of plain) {
      const policy = options.shareTrunk && first && isDeepStrictEqual(place.devices, first.devices) ? loaded.get(keyOf(first)) : undefined;
      const shared = policy && (await onWeightsOf(policy, place.path).catch(namingOption(place)));
      loaded.set(key, shared ?? (await loadModel(place, options, (progress) => report(place.path, progress)).catch(namingOption(place))));
    }
    for (const [key, place] of distinct) {
      if (place.adapter !== undefined) loaded.set(key, await adapted(required(loaded, withoutAdapter(place)), place.adapter));
    }
    for (const key of plain.keys()) {
      if (distinct.has(key)) continue;
      loaded.get(key)?.dispose();
      loaded.delete(key);
    }
    return await Promise.all(files.map((file, at) => withTemplate(required(loaded, places[at] as Placed), file)));
  } catch (error) {
    for (const model of loaded.values()) model.dispose();
    throw error;
  }
}

function placed(
  { path, option: namedBy, role = "reward", adapter }: ModelFile,
  { gpu, policyDevice, rewardDevice }: LoadModelsOptions,
  rpc: readonly string[],
): Placed {
  const [name, option] = role === "policy" ? [policyDevice, "policyDevice"] : [rewardDevice, "rewardDevice"];
  return { path, devices: devicesFor({ gpu, rpc }, name === undefined ? undefined : { name, option }), option: namedBy, adapter };
}

function withoutAdapter({ adapter: _, ...place }: Placed): Placed {
  return place;
}

/** A failure says which option named the file, where it is not plain. */
function namingOption({ option }: Placed): (error: unknown) => never {
  return (error) => {
    if (option === undefined || !(error instanceof ArgsearchError) || error.option !== undefined) throw error;
    throw new ArgsearchError(error.code, `${option}: ${error.message}`, { option, details: error.details, cause: error });
  };
}

function keyOf({ path, devices, adapter }: Placed): string {
  return JSON.stringify([path, devices, adapter]);
}

/** Undefined for a file with a trunk of its own. */
async function onWeightsOf(first: Model, path: string): Promise<Model | undefined> {
  if (!(await sameTrunk(first.info.path, path))) return undefined;
  return described(await native(() => binding().shareModel(first.native, path)));
}

/** On the same weights. */
async function adapted(model: Model, adapter: string): Promise<Model> {
  try {
    return await described(await native(() => binding().adaptModel(model.native, adapter)));
  } catch (error) {
    if (!(error instanceof ArgsearchError)) throw error;
    throw new ArgsearchError(error.code, `adapter: ${error.message}`, { option: "reward.adapter", details: error.details, cause: error });
  }
}

async function loadModel({ path, devices }: Placed, options: ResolvedModelOptions, onProgress: (progress: number) => void): Promise<Model> {
  const { gpu, gpuLayers, contextSize = DEFAULT_CONTEXT, signal } = options;
  const backend = gpu === "auto" ? "" : gpu === false ? "CPU" : BACKENDS[gpu];
  throwIfAborted(signal);
  const failed = new AbortController();
  const report = stoppingAtFailure(onProgress, failed);
  try {
    const model = await cancellable([signal, failed.signal], (cancel) =>
      native(() => binding().loadModel({ path, gpuLayers, backend, ...(devices && { devices }), contextSize, cancel }, report)),
    );
    if (!failed.signal.aborted) return await described(model);
    model.dispose();
  } catch (error) {
    throwIfAborted(signal);
    if (!failed.signal.aborted) throw await toldOfAdapter(error, path);
  }
  throw failed.signal.reason;
}

async function described(model: NativeModel): Promise<Model> {
  try {
    return new Model(model, await extrasOf(model));
  } catch (error) {
    native(() => model.dispose());
    throw error;
  }
}

/** Calls back until that throws once; what it throws becomes the controller's reason. */
function stoppingAtFailure(onProgress: (progress: number) => void, failed: AbortController): (progress: number) => void {
  return (progress) => {
    if (failed.signal.aborted) return;
    try {
      onProgress(progress);
    } catch (error) {
      failed.abort(error);
    }
  };
}

/** One progress over all files, by their sizes. */
async function progressOver(
  paths: readonly string[],
  onProgress: ((progress: number) => void) | undefined,
): Promise<(path: string, progress: number) => void> {
  if (onProgress === undefined) return () => {};
  const sizes = new Map<string, number>();
  for (const path of paths) sizes.set(path, await modelSize(path));
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  const done = new Map<string, number>();
  let last = 0;
  return (path, progress) => {
    done.set(path, progress * (sizes.get(path) ?? 0));
    const now = [...done.values()].reduce((sum, size) => sum + size, 0) / total;
    last = Math.max(last, Math.min(1, now));
    onProgress(last);
  };
}

/** Of all parts; 1 for a file that is not there: loading it says what is wrong. */
async function modelSize(path: string): Promise<number> {
  const sizes = (await modelParts(path)).map((part) =>
    stat(part).then(
      ({ size }) => size,
      () => 0,
    ),
  );
  return Math.max(
    1,
    (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0),
  );
}

/** @throws ArgsearchError TEMPLATE_INVALID */
async function withTemplate(model: Model, { template }: ModelFile): Promise<Model> {
  return template === undefined ? model : model.withTemplate(template, await extrasOf(model.native, template.text));
}

function required(models: ReadonlyMap<string, Model>, place: Placed): Model {
  const model = models.get(keyOf(place));
  if (model === undefined) throw new Error(`${place.path} was not loaded`);
  return model;
}
