/** Names of models on the Hugging Face Hub: "hf:OWNER/REPO", then ":QUANT" or "/FILE.gguf", then "@REVISION". */
import type { ArgsearchError } from "../errors.js";
import { invalid, nonEmptyText } from "../validate.js";

export interface HubName {
  /** As it was given. */
  text: string;
  /** OWNER/REPO. */
  repo: string;
  /** A quantisation, as it stands in file names; undefined for the usual one. */
  quant: string | undefined;
  /** A GGUF's path within the repository; never beside `quant`. */
  file: string | undefined;
  /** A branch, a tag or a commit. */
  revision: string;
}

const PREFIX = "hf:";
const NAME = /^hf:([^/:@]+\/[^/:@]+)(?::([^/:@]+)|\/(.+\.gguf))?(?:@(.+))?$/i;

/** By huggingface_hub's validate_repo_id(); a name of one part is a repository of the Hub's own, of which none holds a GGUF. */
const PART_OF_REPO = /^(?![-.])(?!.*(?:--|\.\.))[\w.-]{1,96}(?<![-.])$/;
const REVISION = /^(?!.*(?:\.\.|\/\/|@\{))[\w][\w.+/-]{0,254}(?<![/.])$/;
const QUANT = /^[\w.-]+$/;

const FORM = 'of the form "hf:OWNER/REPO", "hf:OWNER/REPO:QUANT" or "hf:OWNER/REPO/FILE.gguf", each with @REVISION behind it or without';

/** Whether a model's name is one of the Hub, and no path: a file of such a name is "./hf:…". */
export function isHubName(value: unknown): value is string {
  return typeof value === "string" && value.startsWith(PREFIX);
}

/** @throws ArgsearchError OPTION_INVALID naming `option` */
export function hubName(option: string, text: string): HubName {
  nonEmptyText(option, text);
  const [, repo, quant, file, revision = "main"] = NAME.exec(text) ?? [];
  if (repo === undefined || !repo.split("/").every(isPartOfRepo)) throw misnamed(option, text);
  if ((quant !== undefined && !QUANT.test(quant)) || (file !== undefined && !isSafePath(file))) throw misnamed(option, text);
  if (!REVISION.test(revision)) throw misnamed(option, text);
  return { text, repo, quant, file, revision };
}

function isPartOfRepo(part: string): boolean {
  return PART_OF_REPO.test(part) && !part.endsWith(".git");
}

function misnamed(option: string, text: string): ArgsearchError {
  return invalid(option, FORM, text);
}

/** A path of a repository's file that stays within whatever folder it is put in, on any system. Names come from strangers. */
export function isSafePath(path: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  const isSafe = (part: string): boolean => part !== "" && part !== "." && part !== ".." && !/[\\:\u0000-\u001f\u007f]/.test(part);
  return path.length <= 1024 && path.split("/").every(isSafe);
}
