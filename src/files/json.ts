import { readFile } from "node:fs/promises";
import { ArgsearchError } from "../errors.js";
import { unreadable } from "./file-errors.js";

export type JsonObject = Record<string, unknown>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @throws ArgsearchError FILE_NOT_FOUND, NOT_A_FILE, FILE_UNREADABLE; INPUT_INVALID when it is not a JSON object */
export async function readJsonObject(path: string): Promise<JsonObject> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw unreadable(error, path);
  });
  try {
    const value: unknown = JSON.parse(text);
    if (isJsonObject(value)) return value;
  } catch (cause) {
    throw new ArgsearchError("INPUT_INVALID", `${path} is not JSON: ${(cause as Error).message}`, { cause });
  }
  throw new ArgsearchError("INPUT_INVALID", `${path} is not a JSON object`);
}

/** The same, but null when there is no such file. */
export async function readJsonObjectIfAny(path: string): Promise<JsonObject | null> {
  try {
    return await readJsonObject(path);
  } catch (error) {
    if (error instanceof ArgsearchError && error.code === "FILE_NOT_FOUND") return null;
    throw error;
  }
}
