/**
 * A server that speaks the Hugging Face Hub's protocol, and, on another port, the storage that it redirects to. Status codes and headers are those of
 * huggingface.co as huggingface_hub (Python) reads them.
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface StoredRepo {
  files: Record<string, Buffer>;
  /** By branch or tag; every commit has the same files. */
  refs: Record<string, string>;
  /** Files may only be read with this token. */
  gated?: string;
  /** Nobody else may know of it. */
  private?: string;
}

export interface SeenRequest {
  at: "hub" | "storage";
  method: string;
  url: string;
  token: string | undefined;
  range: string | undefined;
  encoding: string | undefined;
}

/** What goes wrong with a request, once: a status, or a response that is sent up to a byte and then torn, falsified, or never finished. */
export interface Fault {
  /** Which requests it waits for; default any. */
  of?: RegExp;
  status?: number;
  headers?: Record<string, string>;
  tearAt?: number;
  hangAt?: number;
  falsify?: boolean;
  /** The connection ends without an answer. */
  drop?: boolean;
  ignoreRange?: boolean;
}

export const COMMIT = "a".repeat(40);
export const OTHER_COMMIT = "b".repeat(40);

export class HubServer {
  readonly repos = new Map<string, StoredRepo>();
  readonly seen: SeenRequest[] = [];
  readonly faults: Fault[] = [];
  /** Entries of a page of a list. */
  pageSize = 1000;
  /** What lists say of every file's size. */
  oversize: number | undefined;
  readonly #hub: Server;
  readonly #storage: Server;

  private constructor() {
    this.#hub = createServer((request, response) => this.#answer("hub", request, response));
    this.#storage = createServer((request, response) => this.#answer("storage", request, response));
  }

  static async start(): Promise<HubServer> {
    const server = new HubServer();
    for (const each of [server.#hub, server.#storage]) {
      each.listen(0, "127.0.0.1");
      await once(each, "listening");
    }
    return server;
  }

  get url(): string {
    return addressOf(this.#hub);
  }

  async close(): Promise<void> {
    for (const each of [this.#hub, this.#storage]) {
      each.closeAllConnections();
      each.close();
      await once(each, "close");
    }
  }

  /** A repository at one commit. */
  add(name: string, files: Record<string, Buffer | string>, more: Partial<StoredRepo> = {}): StoredRepo {
    const buffers = Object.fromEntries(Object.entries(files).map(([path, content]) => [path, Buffer.from(content)]));
    const repo = { files: buffers, refs: { main: COMMIT }, ...more };
    this.repos.set(name, repo);
    return repo;
  }

  /** Requests of which the address matches. */
  asked(pattern: RegExp): SeenRequest[] {
    return this.seen.filter(({ url }) => pattern.test(url));
  }

  #answer(at: SeenRequest["at"], request: IncomingMessage, response: ServerResponse): void {
    const { method = "", url = "", headers } = request;
    const token = headers.authorization?.replace(/^Bearer /, "");
    this.seen.push({ at, method, url, token, range: headers.range, encoding: headers["accept-encoding"] as string | undefined });
    const place = this.faults.findIndex(({ of }) => of === undefined || of.test(`${at} ${url}`));
    const [fault = {}] = place < 0 ? [] : this.faults.splice(place, 1);
    if (fault.drop) {
      response.destroy();
      return;
    }
    if (fault.status !== undefined) {
      response.writeHead(fault.status, fault.headers).end("<html>no</html>");
      return;
    }
    if (at === "storage") {
      this.#blob(decodeURIComponent(url.split("/")[2] ?? ""), headers.range, response, fault);
      return;
    }
    const { pathname, searchParams } = new URL(url, this.url);
    const [, repoName = "", what, rest = ""] = /^\/(?:api\/models\/)?([^/]+\/[^/]+)\/(revision|tree|resolve)\/(.*)$/.exec(pathname) ?? [];
    const repo = this.repos.get(repoName);
    if (token === "hf_wrong") {
      refuse(response, 401, "", "Invalid credentials in Authorization header");
      return;
    }
    if (repo === undefined || (repo.private !== undefined && repo.private !== token)) {
      refuse(response, token === undefined ? 401 : 404, "RepoNotFound", token === undefined ? "Invalid username or password." : "");
      return;
    }
    if (what === "revision") {
      this.#revision(repoName, repo, decodeURIComponent(rest), response);
      return;
    }
    const [revision = "", ...path] = rest.split("/").map(decodeURIComponent);
    if (commitOf(repo, revision) === undefined) {
      refuse(response, 404, "RevisionNotFound");
      return;
    }
    if (what === "tree") {
      this.#tree(repo, request, searchParams, response);
      return;
    }
    this.#resolve(repo, path.join("/"), token, headers.range, response, fault);
  }

  #revision(id: string, repo: StoredRepo, revision: string, response: ServerResponse): void {
    const sha = commitOf(repo, revision);
    if (sha === undefined) {
      refuse(response, 404, "RevisionNotFound", `Invalid rev id: ${revision}`);
      return;
    }
    json(response, {
      _id: "0".repeat(24),
      id,
      sha,
      private: false,
      gated: false,
      likes: 0,
      downloads: 0,
      lastModified: "2026-01-01T00:00:00.000Z",
    });
  }

  #tree(repo: StoredRepo, request: IncomingMessage, search: URLSearchParams, response: ServerResponse): void {
    const all = Object.entries(repo.files).map(([path, content]) => entryOf(path, content, this.oversize));
    const start = Number(search.get("cursor") ?? 0);
    const next = start + this.pageSize;
    const link = new URL(request.url ?? "", this.url);
    link.searchParams.set("cursor", String(next));
    json(response, all.slice(start, next), next < all.length ? { link: `<${link}>; rel="next"` } : {});
  }

  #resolve(
    repo: StoredRepo,
    path: string,
    token: string | undefined,
    range: string | undefined,
    response: ServerResponse,
    fault: Fault,
  ): void {
    const content = repo.files[path];
    if (content === undefined) {
      refuse(response, 404, "EntryNotFound", "Entry not found");
      return;
    }
    if (repo.gated !== undefined && repo.gated !== token) {
      refuse(response, token === undefined ? 401 : 403, "GatedRepo", "Access to model is restricted");
      return;
    }
    const { lfs, oid, size } = entryOf(path, content);
    if (lfs === undefined) {
      send(response, content, range, fault, { etag: `"${oid}"` });
      return;
    }
    const headers = {
      "x-linked-etag": `"${lfs.oid}"`,
      "x-linked-size": String(size),
      "x-xet-hash": "c".repeat(64),
      "x-repo-commit": COMMIT,
    };
    const location = `${addressOf(this.#storage)}/blobs/${lfs.oid}?Signature=secret`;
    response.writeHead(302, { ...headers, location }).end("Found. Redirecting to the storage");
  }

  #blob(name: string, range: string | undefined, response: ServerResponse, fault: Fault): void {
    const sha = name.split("?")[0];
    const contents = [...this.repos.values()].flatMap(({ files }) => Object.values(files));
    const content = contents.find((each) => sha256(each) === sha);
    if (content === undefined) {
      response.writeHead(404).end();
      return;
    }
    send(response, content, range, fault, { etag: '"storage"' });
  }
}

export function sha256(content: Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}

/** As git names the content of a file. */
export function gitHash(content: Buffer): string {
  return createHash("sha1").update(`blob ${content.length}\0`).update(content).digest("hex");
}

/** Large files lie in the storage, as on the Hub by .gitattributes. */
function entryOf(path: string, content: Buffer, size = content.length) {
  const lfs = /\.(gguf|safetensors)$/.test(path) ? { oid: sha256(content), size, pointerSize: 134 } : undefined;
  const oid = lfs === undefined ? gitHash(content) : gitHash(Buffer.from(`pointer to ${lfs.oid}`));
  return { type: "file", oid, size, path, ...(lfs && { lfs, xetHash: "c".repeat(64) }) };
}

function send(response: ServerResponse, content: Buffer, range: string | undefined, fault: Fault, headers: Record<string, string>): void {
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(fault.ignoreRange ? "" : (range ?? "")) ?? [];
  const start = Number(from ?? 0);
  if (from !== undefined && start >= content.length) {
    response.writeHead(416, { "content-range": `bytes */${content.length}` }).end();
    return;
  }
  const end = to ? Math.min(Number(to) + 1, content.length) : content.length;
  const body = Buffer.from(content.subarray(start, end));
  if (fault.falsify) body[0] = (body[0] ?? 0) ^ 1;
  const partial = from !== undefined && { "content-range": `bytes ${start}-${end - 1}/${content.length}` };
  response.writeHead(partial ? 206 : 200, { ...headers, "content-length": body.length, "accept-ranges": "bytes", ...partial });
  const stopAt = fault.tearAt ?? fault.hangAt;
  if (stopAt === undefined) {
    response.end(body);
    return;
  }
  response.write(body.subarray(0, stopAt), () => {
    // Time for what was written to arrive.
    if (fault.tearAt !== undefined) setTimeout(() => response.destroy(), 30);
  });
  if (stopAt === 0) response.flushHeaders();
}

function commitOf({ refs }: StoredRepo, revision: string): string | undefined {
  return Object.values(refs).includes(revision) ? revision : refs[revision];
}

function refuse(response: ServerResponse, status: number, code: string, message = ""): void {
  const headers = { ...(code && { "x-error-code": code }), ...(message && { "x-error-message": message }) };
  response.writeHead(status, { ...headers, "content-type": "application/json" }).end(JSON.stringify({ error: message }));
}

function json(response: ServerResponse, value: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(200, { "content-type": "application/json; charset=utf-8", ...headers }).end(JSON.stringify(value));
}

function addressOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
