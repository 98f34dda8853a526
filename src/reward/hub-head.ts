/** Reward models of the Hub whose trunk is a GGUF and whose head lies beside it as safetensors: put together without Python, once. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { basename, join, posix } from "node:path";
import { holdsHead, readRewardHead } from "../checkpoint/head.js";
import { isOfHead } from "../checkpoint/head-names.js";
import { throwIfAborted } from "../engine/abort.js";
import { binding } from "../engine/binding.js";
import { anyEngine } from "../engine/choice.js";
import { native } from "../engine/native.js";
import { resolveEngine } from "../engine/options.js";
import { ArgsearchError } from "../errors.js";
import { cacheDir, makeFolders, recall, remember } from "../files/cache-dir.js";
import { fingerprint } from "../files/fingerprint.js";
import { isJsonObject, readJsonObject } from "../files/json.js";
import { attachReward } from "../gguf/attach.js";
import { Metadata } from "../gguf/metadata.js";
import { HEAD_KEYS } from "../gguf/reward-head.js";
import type { RepoFile } from "../hub/cache.js";
import type { HubModel, LocalModelOptions } from "../hub/local-model.js";
import type { Snapshot } from "../hub/snapshot.js";
import { pause } from "../remote/again.js";
import type { EngineOptions } from "../types.js";

const INDEX = "model.safetensors.index.json";
const ADAPTER = /^adapter_(?:config\.json|model\.safetensors)$/;

/** Files of weights whose tables of tensors are looked at, those that are called a head's first. */
const MOST_FILES = 16;

/** A header of safetensors may be no longer, by its reference implementation. */
const MOST_HEADER = 100_000_000;

/**
 * The file of a reward model: as it is, where it has a head, or where there is none beside it, which loading tells of; else a copy of it with the head, in
 * this package's own cache.
 *
 * @throws ArgsearchError HUB_*; REWARD_HEAD_INVALID; MODEL_UNSUPPORTED for a head that an adapter was trained with; MODEL_INVALID, FILE_UNWRITABLE,
 * ABORTED; as devices()
 */
export async function rewardFile({ path, snapshot }: HubModel, how: LocalModelOptions & EngineOptions): Promise<string> {
  const files = (await snapshot?.files()) ?? [];
  const folder = snapshot === undefined ? "" : folderOf(snapshot, path);
  const beside = files.filter((file) => [folder, "."].includes(posix.dirname(file.path)) && file.hash !== "");
  if (snapshot === undefined || !beside.some(({ path: name }) => name.endsWith(".safetensors"))) return path;
  await anyEngine(resolveEngine({ engineDir: how.engineDir, gpu: how.gpu }), how.signal);
  const file = await native(() => binding().readGguf(path));
  if (new Metadata(file).count(HEAD_KEYS.weight) !== null) return path;
  const head = await headOf(snapshot, beside);
  if (head === undefined) return path;
  const config = beside.find((each) => each.path === posix.join(posix.dirname(head.path), "config.json"));
  for (const each of config === undefined ? [head] : [head, config]) await fetch(snapshot, each, how);
  return attached(path, snapshot, head, `${head.hash} ${config?.hash}`, how);
}

/** Within the repository. */
function folderOf(snapshot: Snapshot, path: string): string {
  const root = snapshot.pathOf({ path: "x" }).slice(0, -1);
  return posix.dirname(path.slice(root.length).replaceAll("\\", "/"));
}

async function fetch(snapshot: Snapshot, file: RepoFile, { onProgress }: LocalModelOptions): Promise<void> {
  if (await snapshot.has(file)) return;
  const name = `${snapshot.name.repo}/${file.path}`;
  await snapshot.fetch(file, (bytes) => onProgress?.({ file: name, bytes, total: file.size }));
}

/** The file that holds a head; what was found is remembered, since a commit does not change. */
async function headOf(snapshot: Snapshot, files: readonly RepoFile[]): Promise<RepoFile | undefined> {
  const name = join("hub", `${snapshot.name.repo.replace("/", "--")}-${snapshot.commit}-head.json`);
  const known = recall(name);
  const found = isJsonObject(known) ? known.path : await lookForHead(snapshot, files);
  await remember(name, { path: found ?? null });
  const head = files.find(({ path }) => path === found);
  const adapter = files.find(({ path }) => ADAPTER.test(posix.basename(path)));
  if (head !== undefined || adapter === undefined) return head;
  const why = "a head that was trained with an adapter fits only the base model with that adapter merged: merge it first";
  const dir = basename(snapshot.name.repo);
  const how = `hf download ${snapshot.name.repo} --local-dir ${dir}, then "argsearch reward import ${dir} --out reward.gguf" says the line of Python`;
  throw new ArgsearchError(
    "MODEL_UNSUPPORTED",
    `${snapshot.name.text}: the GGUF has no reward head, and beside it lies ${adapter.path}: ${why}. ${how}`,
  );
}

async function lookForHead(snapshot: Snapshot, files: readonly RepoFile[]): Promise<string | undefined> {
  const index = files.find(({ path }) => posix.basename(path) === INDEX);
  if (index !== undefined) {
    await fetch(snapshot, index, {});
    const { weight_map: map } = await readJsonObject(snapshot.pathOf(index));
    const shards = isJsonObject(map) ? map : {};
    const names = Object.keys(shards);
    const name = names.find((each) => isOfHead(each, names));
    if (name !== undefined) return posix.join(posix.dirname(index.path), String(shards[name]));
  }
  const looksLikeHead = ({ path }: RepoFile): number => Number(!/head|score|reward|value/i.test(posix.basename(path)));
  const weights = files.filter(({ path }) => path.endsWith(".safetensors") && !ADAPTER.test(posix.basename(path)));
  const sorted = weights.sort((a, b) => looksLikeHead(a) - looksLikeHead(b) || a.size - b.size);
  for (const file of sorted.slice(0, MOST_FILES)) {
    if (holdsHead(await tensorNames(snapshot, file))) return file.path;
  }
  return undefined;
}

/** Read off the header: weights may be as large as the model. */
async function tensorNames(snapshot: Snapshot, file: RepoFile): Promise<string[]> {
  if (file.size < 8) return [];
  const length = Number((await snapshot.read(file, 0, 8)).readBigUInt64LE());
  if (length > Math.min(MOST_HEADER, file.size - 8)) return [];
  try {
    return Object.keys(JSON.parse((await snapshot.read(file, 8, length)).toString("utf8")) as object);
  } catch (error) {
    if (error instanceof ArgsearchError) throw error;
    return []; // no safetensors
  }
}

/** Milliseconds between looks at whether another process has made it. */
const LOOK_AGAIN = 250;

async function attached(
  model: string,
  snapshot: Snapshot,
  file: RepoFile,
  hashes: string,
  { signal, engineDir, gpu }: LocalModelOptions & EngineOptions,
): Promise<string> {
  const cache = cacheDir();
  if (cache === undefined) {
    throw new ArgsearchError(
      "FILE_UNWRITABLE",
      `${snapshot.name.text}: there is no place for the model with its head: set ARGSEARCH_CACHE_DIR`,
    );
  }
  const key = createHash("sha256")
    .update(`${await fingerprint(model)} ${hashes}`)
    .digest("hex")
    .slice(0, 32);
  const out = join(cache, "rewards", key, basename(model).replace(/-\d{5}-of-\d{5}(?=\.gguf$)/i, ""));
  const head = await readRewardHead(snapshot.pathOf(file));
  const provenance = { source: `hf:${snapshot.name.repo}@${snapshot.commit}` };
  await makeFolders(join(cache, "rewards", key));
  while (!existsSync(out)) {
    throwIfAborted(signal);
    try {
      await attachReward({ model, head, out, provenance, engineDir, gpu });
    } catch (error) {
      if (!(error instanceof ArgsearchError) || error.code !== "BUSY") throw error;
      await pause(LOOK_AGAIN, [signal]);
    }
  }
  return out;
}
