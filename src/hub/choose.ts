/** Which of a repository's files a name means. */
import { ArgsearchError } from "../errors.js";
import type { RepoFile } from "./cache.js";
import type { HubName } from "./name.js";
import { noGguf } from "./no-gguf.js";

const GGUF = /\.gguf$/i;
const PART = /^(.*)-(\d{5})-of-(\d{5})\.gguf$/is;

/** GGUF files that are no language models: projectors of images, and statistics for quantising. */
const BESIDE = /mmproj|imatrix/i;

/** What is taken where a name says nothing, if there is one: llama.cpp's default. */
const USUAL = "Q4_K_M";

/** Names in a message. */
const MOST_NAMES = 20;

/**
 * The files of the model, all parts of a split one, in their order.
 *
 * @throws ArgsearchError HUB_NOT_FOUND where there is none, where several are meant, or where a part is missing; as noGguf()
 */
export function chooseFiles(name: HubName, files: readonly RepoFile[]): RepoFile[] {
  const chosen = name.file === undefined ? byQuant(name, files) : files.find(({ path }) => path === name.file);
  if (chosen === undefined) throw notThere(name, models(files), `no ${name.file}`);
  return partsOf(name, chosen, files);
}

function byQuant(name: HubName, files: readonly RepoFile[]): RepoFile {
  const { quant } = name;
  const all = models(files);
  const [first] = all;
  if (first === undefined) throw noGguf(name, files);
  const isAny = quant === undefined || quant.toLowerCase() === "latest";
  const matching = ofQuant(isAny ? USUAL : quant, all);
  const [only, another] = matching;
  if (another !== undefined) throw notThere(name, matching, `several of ${isAny ? USUAL : quant}`);
  if (only !== undefined) return only;
  if (isAny) return first;
  throw notThere(name, all, `no ${quant}`);
}

/** Of a split model. */
export function isPart(path: string): boolean {
  return PART.test(path);
}

/** In the order of their names; of a split model the first part. */
function models(files: readonly RepoFile[]): RepoFile[] {
  const isModel = ({ path }: RepoFile): boolean => GGUF.test(path) && !BESIDE.test(path) && Number(PART.exec(path)?.[2] ?? 1) === 1;
  return files.filter(isModel).sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** As a word of its own: F16 is not BF16. Dynamic quantisations ("UD-Q4_K_XL") stand behind plain ones of that name. */
function ofQuant(quant: string, files: readonly RepoFile[]): RepoFile[] {
  const word = new RegExp(`(?<![a-z0-9])${quant.replaceAll(".", "\\.")}(?=[.-])`, "i");
  const matching = files.filter(({ path }) => word.test(path.slice(path.lastIndexOf("/") + 1)));
  const plain = matching.filter(({ path }) => !/(?<![a-z0-9])UD-/i.test(path));
  return plain.length > 0 ? plain : matching;
}

function partsOf(name: HubName, chosen: RepoFile, files: readonly RepoFile[]): RepoFile[] {
  const [, stem, , count] = PART.exec(chosen.path) ?? [];
  if (stem === undefined || count === undefined) return [chosen];
  const parts: RepoFile[] = [];
  for (let at = 1; at <= Number(count); at++) {
    const path = `${stem}-${String(at).padStart(5, "0")}-of-${count}.gguf`;
    const part = files.find((file) => file.path.toLowerCase() === path.toLowerCase());
    if (part === undefined) throw notThere(name, models(files), `no ${path}, a part of ${chosen.path},`);
    parts.push(part);
  }
  return parts;
}

function notThere({ text, repo, revision }: HubName, all: readonly RepoFile[], what: string): ArgsearchError {
  const names = all.map(({ path }) => path);
  const rest = names.length > MOST_NAMES ? `, and ${names.length - MOST_NAMES} more` : "";
  const list = names.length === 0 ? "no GGUF" : names.slice(0, MOST_NAMES).join(", ") + rest;
  const cure = names.length === 0 ? "" : `. Name one of them: hf:${repo}/FILE.gguf`;
  return new ArgsearchError("HUB_NOT_FOUND", `${text}: ${repo} has ${what} at ${revision}, but ${list}${cure}`);
}
