/** Models by their names on the Hub, as files on this disk. */
import { throwIfAborted } from "../engine/abort.js";
import type { ModelDownload } from "../types.js";
import type { RepoFile } from "./cache.js";
import { HubClient } from "./client.js";
import { hubLibrary } from "./library.js";
import { hubName, isHubName } from "./name.js";
import { hubSettings } from "./settings.js";
import { Snapshot } from "./snapshot.js";

/** A model's name where a path may stand, too. */
export interface NamedModel {
  /** What is named where the name is not well formed. */
  option: string;
  name: string;
}

export interface LocalModelOptions {
  /** Told of downloads alone. */
  onProgress?: ((download: ModelDownload) => void) | undefined;
  /** Ends downloads: what has come stays, and the next call goes on from there. */
  signal?: AbortSignal | undefined;
}

export interface HubModel {
  /** Of the file, or of the first part. */
  path: string;
  /** Undefined for what was a path. */
  snapshot: Snapshot | undefined;
}

/**
 * The path of a model: as given, or of the file of the Hub that "hf:…" names, which is downloaded into the cache of huggingface_hub where it is not there yet.
 *
 * @throws ArgsearchError OPTION_INVALID for a name that is not well formed; HUB_NOT_FOUND, HUB_UNAUTHORIZED, HUB_UNREACHABLE, HUB_FAILED;
 * MODEL_UNSUPPORTED for a repository that holds an adapter alone; FILE_UNWRITABLE, also for a disk with too little room; ABORTED
 */
export async function localModel(option: string, name: string, options: LocalModelOptions = {}): Promise<string> {
  const [{ path } = { path: name }] = await localModels([{ option, name }], options);
  return path;
}

/** The same for several, of which nothing is downloaded before all are known to be there. */
export async function localModels(models: readonly NamedModel[], { onProgress, signal }: LocalModelOptions = {}): Promise<HubModel[]> {
  const names = models.flatMap(({ option, name }) => (isHubName(name) ? [hubName(option, name)] : []));
  const found = new Map<string, Found>();
  if (names.length > 0) {
    throwIfAborted(signal);
    const library = await hubLibrary();
    const client = new HubClient(await hubSettings(library), signal);
    for (const name of names) {
      if (found.has(name.text)) continue;
      const snapshot = await Snapshot.open(name, client, library);
      found.set(name.text, { snapshot, files: await snapshot.chosen() });
    }
    await fetchAll([...found.values()], onProgress);
  }
  return models.map(({ name }) => {
    const { snapshot, files: [first] = [] } = found.get(name) ?? {};
    return snapshot === undefined || first === undefined ? { path: name, snapshot: undefined } : { path: snapshot.pathOf(first), snapshot };
  });
}

interface Found {
  snapshot: Snapshot;
  files: RepoFile[];
}

async function fetchAll(wanted: readonly Found[], onProgress: LocalModelOptions["onProgress"]): Promise<void> {
  const missing = new Map<string, { snapshot: Snapshot; file: RepoFile }>();
  for (const { snapshot, files } of wanted) {
    for (const file of files) if (!(await snapshot.has(file))) missing.set(snapshot.pathOf(file), { snapshot, file });
  }
  const sizes = new Map<RepoFile, number>();
  for (const { snapshot, file } of missing.values()) sizes.set(file, (await snapshot.hasContent(file)) ? 0 : file.size);
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  let before = 0;
  for (const { snapshot, file } of missing.values()) {
    const name = `${snapshot.name.repo}/${file.path}`;
    await snapshot.fetch(file, (bytes) => onProgress?.({ file: name, bytes: Math.min(before + bytes, total), total }));
    before += sizes.get(file) ?? 0;
  }
  for (const { snapshot } of wanted) {
    await snapshot.keepCommit();
    snapshot.warn();
  }
}
