/** JSON and text files, read whole. */
import { readFile } from "node:fs/promises";
import { ArgsearchError } from "../errors.js";
import { unreadable } from "./file-errors.js";
import { decodeWhole } from "./utf8.js";

export type JsonObject = Record<string, unknown>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Arrays and objects within one another: more than data has, and less than a stack holds, whatever walks through them. */
export const DEEPEST = 500;

/** `where` begins the message. @throws ArgsearchError INPUT_INVALID, also for what is nested too deeply to be walked through */
export function parseJson(content: string, where: string): unknown {
  const value = parsed(content, where);
  if (!isDeeper(value, DEEPEST)) return value;
  throw new ArgsearchError("INPUT_INVALID", `${where} is nested more than ${DEEPEST} levels deep`);
}

function parsed(content: string, where: string): unknown {
  try {
    return JSON.parse(content) as unknown;
  } catch (cause) {
    throw new ArgsearchError("INPUT_INVALID", `${where} is not JSON: ${(cause as Error).message}`, { cause });
  }
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((item) => isDeeper(item, levels - 1));
}

/** @throws ArgsearchError INPUT_INVALID when it is not a JSON object */
export function parseJsonObject(content: string, where: string): JsonObject {
  const value = parseJson(content, where);
  if (isJsonObject(value)) return value;
  throw new ArgsearchError("INPUT_INVALID", `${where} is not a JSON object`);
}

/** Without a byte order mark. @throws ArgsearchError FILE_NOT_FOUND, NOT_A_FILE, FILE_UNREADABLE; INPUT_INVALID when it is not UTF-8 */
export async function readText(path: string): Promise<string> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw unreadable(error, path);
  });
  return decodeWhole(bytes, path);
}

/** @throws ArgsearchError as readText(), and INPUT_INVALID when it is not JSON */
export async function readJson(path: string): Promise<unknown> {
  return parseJson(await readText(path), path);
}

/** @throws ArgsearchError as readText(), and INPUT_INVALID when it is not a JSON object */
export async function readJsonObject(path: string): Promise<JsonObject> {
  return parseJsonObject(await readText(path), path);
}

/** What `read` makes of the file; undefined when there is none. */
export async function ifAny<T>(read: (path: string) => Promise<T>, path: string): Promise<T | undefined> {
  try {
    return await read(path);
  } catch (error) {
    if (error instanceof ArgsearchError && error.code === "FILE_NOT_FOUND") return undefined;
    throw error;
  }
}

/** As files for people have it. */
export function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
