/**
 * A repository's folder in the cache that huggingface_hub and its kin share, by
 * https://huggingface.co/docs/huggingface_hub/guides/manage-cache: contents in `blobs`, under their hashes; in `snapshots`, under commits, links
 * to them by the files' names; in `refs` the commits that branches and tags stood at.
 */
import { copyFile, mkdir, readdir, readFile, rename, rm, stat, symlink } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { unwritable } from "../files/file-errors.js";
import { writeWhole } from "../files/whole-file.js";

/** A file of a repository, at one commit. */
export interface RepoFile {
  /** Within the repository, with slashes. */
  path: string;
  size: number;
  /** SHA-256 of the content, or, of a small file, git's SHA-1 of it: the name of its blob. "" where only the cache was looked at. */
  hash: string;
}

const COMMIT = /^[0-9a-f]{40}$/;

export function isCommit(revision: unknown): revision is string {
  return typeof revision === "string" && COMMIT.test(revision);
}

export class RepoCache {
  readonly #folder: string;

  /** @param folder of the repository, which may not exist yet */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The commit that a branch or tag stood at when it was last looked at. */
  async commitOf(revision: string): Promise<string | undefined> {
    const commit = (await readFile(this.#ref(revision), "utf8").catch(() => "")).trim();
    return isCommit(commit) ? commit : undefined;
  }

  /** @throws ArgsearchError FILE_UNWRITABLE */
  async keepCommit(revision: string, commit: string): Promise<void> {
    if (revision === commit || (await this.commitOf(revision)) === commit) return;
    await makeFolder(dirname(this.#ref(revision)));
    await writeWhole(this.#ref(revision), commit);
  }

  /** Where a file is, or will be, under its own name. */
  pathOf(commit: string, path: string): string {
    return join(this.#folder, "snapshots", commit, ...path.split("/"));
  }

  blobOf({ hash }: RepoFile): string {
    return join(this.#folder, "blobs", hash);
  }

  async has(commit: string, path: string): Promise<boolean> {
    return isFile(this.pathOf(commit, path));
  }

  /** What there is of a commit. */
  async files(commit: string): Promise<RepoFile[]> {
    const folder = join(this.#folder, "snapshots", commit);
    const entries = await readdir(folder, { recursive: true }).catch(() => []);
    const files = await Promise.all(
      entries.map(async (entry) => {
        const found = await stat(join(folder, entry)).catch(() => undefined);
        return found?.isFile() ? [{ path: entry.split(sep).join("/"), size: found.size, hash: "" }] : [];
      }),
    );
    return files.flat();
  }

  /** Every commit of which there is something, for messages. */
  async commits(): Promise<string[]> {
    return (await readdir(join(this.#folder, "snapshots")).catch(() => [])).filter(isCommit);
  }

  /**
   * Gives a blob the file's name in a commit: a link, and where the system has none for its user the file itself, as huggingface_hub does.
   *
   * @param isNew no other commit links to the blob
   * @throws ArgsearchError FILE_UNWRITABLE
   */
  async link(commit: string, file: RepoFile, isNew: boolean): Promise<void> {
    const [blob, path] = [this.blobOf(file), this.pathOf(commit, file.path)];
    await makeFolder(dirname(path));
    const temporary = `${path}.${process.pid}.link`;
    try {
      await rm(temporary, { force: true });
      const linked = await symlink(relative(dirname(path), blob), temporary).then(
        () => true,
        () => false,
      );
      if (linked) return await rename(temporary, path);
      await (isNew ? rename : copyFile)(blob, temporary);
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => {});
      throw unwritable(error, path);
    }
  }

  #ref(revision: string): string {
    return join(this.#folder, "refs", ...revision.split("/"));
  }
}

/** @throws ArgsearchError FILE_UNWRITABLE */
export async function makeFolder(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true }).catch((error: unknown) => {
    throw unwritable(error, dir);
  });
}

export async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
