/** JSON and text files, read whole. */
import { readFile } from "node:fs/promises";
import { ArgsearchError } from "../errors.js";
import { unreadable } from "./file-errors.js";
import { decodeWhole } from "./utf8.js";

export type JsonObject = Record<string, unknown>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `where` begins the message. @throws ArgsearchError INPUT_INVALID */
export function parseJson(content: string, where: string): unknown {
  try {
    return JSON.parse(content) as unknown;
  } catch (cause) {
    throw new ArgsearchError("INPUT_INVALID", `${where} is not JSON: ${(cause as Error).message}`, { cause });
  }
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
