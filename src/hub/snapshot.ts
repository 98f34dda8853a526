/** A repository at one commit: its files, some of them on this disk already. */
import { join } from "node:path";
import { ArgsearchError } from "../errors.js";
import { recall, remember } from "../files/cache-dir.js";
import { fetchBlob, lockOf } from "./blob.js";
import { isCommit, isFile, RepoCache, type RepoFile } from "./cache.js";
import { chooseFiles, isPart } from "./choose.js";
import type { HubClient } from "./client.js";
import { type Subject, shown } from "./failures.js";
import type { HubLibrary } from "./library.js";
import { type HubName, isSafePath } from "./name.js";

const WARNING = "ARGSEARCH_HUB_UNREACHABLE";

export class Snapshot {
  readonly name: HubName;
  readonly commit: string;
  readonly #folder: string;
  readonly #cache: RepoCache;
  readonly #client: HubClient;
  readonly #library: HubLibrary;
  /** Why nothing may be asked for: undefined online. */
  #offline: ArgsearchError | undefined;

  private constructor(
    { name, commit, offline }: { name: HubName; commit: string; offline: ArgsearchError | undefined },
    { folder, cache, client, library }: { folder: string; cache: RepoCache; client: HubClient; library: HubLibrary },
  ) {
    this.name = name;
    this.commit = commit;
    this.#offline = offline;
    this.#folder = folder;
    this.#cache = cache;
    this.#client = client;
    this.#library = library;
  }

  /**
   * Asks what a branch or tag stands at; a commit needs no asking, and where nobody can be asked, what it last stood at is taken.
   *
   * @throws ArgsearchError HUB_*, ABORTED
   */
  static async open(name: HubName, client: HubClient, library: HubLibrary): Promise<Snapshot> {
    const { repo, revision } = name;
    const folder = join(client.settings.cache, library.getRepoFolderName({ type: "model", name: repo }));
    const parts = { folder, cache: new RepoCache(folder), client, library };
    const known = isCommit(revision) ? revision : await parts.cache.commitOf(revision);
    if (client.settings.offline) {
      const offline = new ArgsearchError("HUB_UNREACHABLE", "HF_HUB_OFFLINE is set, so that nothing is downloaded");
      if (known === undefined) throw await withCached(offline, name, parts.cache);
      return new Snapshot({ name, commit: known, offline }, parts);
    }
    if (isCommit(revision)) return new Snapshot({ name, commit: revision, offline: undefined }, parts);
    try {
      return new Snapshot({ name, commit: await newestCommit(name, client, library), offline: undefined }, parts);
    } catch (error) {
      if (!(error instanceof ArgsearchError) || error.code === "ABORTED") throw error;
      if (known === undefined) throw isOfNetwork(error) ? await withCached(error, name, parts.cache) : error;
      return new Snapshot({ name, commit: known, offline: error }, parts);
    }
  }

  /** The files that its name means. @throws ArgsearchError as chooseFiles(); HUB_*, ABORTED */
  async chosen(): Promise<RepoFile[]> {
    const { file } = this.name;
    if (file !== undefined && !isPart(file) && (await this.has({ path: file }))) return [{ path: file, size: 0, hash: "" }];
    const files = await this.files();
    try {
      return chooseFiles(this.name, files);
    } catch (error) {
      // Of a list of what happens to be here it cannot be said what else there is.
      const isPartial = this.#offline !== undefined && files.every(({ hash }) => hash === "");
      throw isPartial ? await withCached(this.#offline as ArgsearchError, this.name, this.#cache) : error;
    }
  }

  /** All files, or, where nobody can be asked, those that are known. @throws ArgsearchError HUB_*, ABORTED */
  async files(): Promise<RepoFile[]> {
    const remembered = listOf(recall(this.#listName));
    if (remembered !== undefined) return remembered;
    try {
      if (this.#offline === undefined) return await this.#list();
    } catch (error) {
      if (!(error instanceof ArgsearchError) || !isOfNetwork(error)) throw error;
      this.#offline = error;
    }
    return this.#cache.files(this.commit);
  }

  async has({ path }: Pick<RepoFile, "path">): Promise<boolean> {
    return this.#cache.has(this.commit, path);
  }

  /** What is in a file is here, of another commit perhaps. */
  async hasContent(file: RepoFile): Promise<boolean> {
    return file.hash !== "" && isFile(this.#cache.blobOf(file));
  }

  /** Where a file is, or will be. */
  pathOf({ path }: Pick<RepoFile, "path">): string {
    return this.#cache.pathOf(this.commit, path);
  }

  /** Says once that a branch may have moved on. */
  warn(): void {
    const reason = this.#offline;
    if (reason === undefined || this.#client.settings.offline) return;
    const what = `${this.name.text}: the file in the cache is used (commit ${this.commit.slice(0, 7)}), since ${reason.message}`;
    process.emitWarning(what, { code: WARNING });
  }

  /** Downloads a file that is not there. @throws ArgsearchError HUB_*, FILE_UNWRITABLE, ABORTED */
  async fetch(file: RepoFile, onBytes: (bytes: number) => void): Promise<void> {
    const blob = this.#cache.blobOf(file);
    const isNew = !(await this.hasContent(file));
    if (isNew) {
      if (this.#offline !== undefined) throw await withCached(this.#offline, this.name, this.#cache);
      const url = this.urlOf(file);
      const lock = lockOf(this.#client.settings.cache, this.#folder, file);
      await fetchBlob(this.#client, { file, subject: this.#subject(file), url, blob, lock }, onBytes);
    }
    await this.#cache.link(this.commit, file, isNew);
  }

  /** A piece of a file that is not downloaded for it. @throws ArgsearchError HUB_*, ABORTED */
  async read(file: RepoFile, start: number, length: number): Promise<Buffer> {
    if (this.#offline !== undefined) throw await withCached(this.#offline, this.name, this.#cache);
    const headers = { range: `bytes=${start}-${start + length - 1}` };
    const response = await this.#client.fetchFor(this.#subject(file))(this.urlOf(file), { headers });
    const bytes = Buffer.from(await response.arrayBuffer());
    return response.status === 206 ? bytes : bytes.subarray(start, start + length);
  }

  urlOf({ path }: Pick<RepoFile, "path">): URL {
    const { endpoint } = this.#client.settings;
    return new URL(`${endpoint}/${this.name.repo}/resolve/${this.commit}/${path.split("/").map(encodeURIComponent).join("/")}`);
  }

  /** Once all is there: what the branch stood at. */
  async keepCommit(): Promise<void> {
    if (this.#offline === undefined) await this.#cache.keepCommit(this.name.revision, this.commit);
  }

  get #listName(): string {
    return join("hub", `${this.name.repo.replace("/", "--")}-${this.commit}.json`);
  }

  #subject({ path }: RepoFile): Subject {
    const { repo, revision } = this.name;
    return { repo, revision, file: path };
  }

  async #list(): Promise<RepoFile[]> {
    const { name, commit } = this;
    const { endpoint } = this.#client.settings;
    const files: RepoFile[] = [];
    const where = { repo: { type: "model" as const, name: name.repo }, revision: commit, recursive: true };
    const ask = { hubUrl: endpoint, fetch: this.#client.fetchFor({ repo: name.repo, revision: name.revision }) };
    for await (const { type, path, size, oid, lfs } of this.#library.listFiles({ ...where, ...ask })) {
      if (type === "file") files.push({ path, size: lfs?.size ?? size, hash: lfs?.oid ?? oid ?? "" });
    }
    const usable = listOf(files) ?? [];
    await remember(this.#listName, usable);
    return usable;
  }
}

async function newestCommit({ repo, revision }: HubName, client: HubClient, { modelInfo }: HubLibrary): Promise<string> {
  const subject: Subject = { repo, revision };
  const { endpoint } = client.settings;
  try {
    const ask = { hubUrl: endpoint, fetch: client.fetchFor(subject) };
    const { sha } = await modelInfo({ name: repo, revision, additionalFields: ["sha"], ...ask });
    if (isCommit(sha)) return sha;
  } catch (error) {
    if (error instanceof ArgsearchError) throw error;
    throw new ArgsearchError("HUB_FAILED", notTheHub(endpoint, subject), { cause: error, details: { url: endpoint } });
  }
  throw new ArgsearchError("HUB_FAILED", notTheHub(endpoint, subject), { details: { url: endpoint } });
}

function notTheHub(endpoint: string, subject: Subject): string {
  return `${endpoint} answers for ${shown(subject)} otherwise than the Hub does: HF_ENDPOINT must name the Hub, or a mirror of it`;
}

/** Undefined for what is none. Files of other names and hashes are passed over. */
function listOf(value: unknown): RepoFile[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.filter((file: Partial<RepoFile> | null): file is RepoFile => {
    const { path, size, hash } = file ?? {};
    if (typeof path !== "string" || !isSafePath(path) || typeof hash !== "string") return false;
    return Number.isSafeInteger(size) && (size ?? -1) >= 0 && /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(hash);
  });
}

function isOfNetwork({ code }: ArgsearchError): boolean {
  return code === "HUB_UNREACHABLE" || code === "HUB_FAILED";
}

/** What would do without a network. */
async function withCached(error: ArgsearchError, { text, repo }: HubName, cache: RepoCache): Promise<ArgsearchError> {
  const commits = await cache.commits();
  const lists = await Promise.all(
    commits.map(async (commit) => (await cache.files(commit)).map(({ path }) => `hf:${repo}/${path}@${commit}`)),
  );
  const names = lists.flat().filter((name) => /\.gguf@/.test(name));
  const has = names.length === 0 ? `nothing of ${repo} is in the cache` : `in the cache there is ${names.slice(0, 5).join(", ")}`;
  return error.rephrased(`${text}: ${error.message}. ${has[0]?.toUpperCase()}${has.slice(1)}`);
}
