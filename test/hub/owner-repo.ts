/** The one model of most tests, and where it lies. */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { localModel } from "../../src/hub/local-model.js";
import { COMMIT, sha256 } from "../helpers/hub-server.js";
import type { HubSetting } from "./setting.js";

export const MODEL = randomBytes(300_000);
export const NAME = "hf:owner/repo";

export const resolve = (name = NAME, options = {}): Promise<string> => localModel("policy", name, options);

export function placesIn(setting: HubSetting) {
  const repoFolder = (): string => join(setting.home, "hub", "models--owner--repo");
  return {
    repoFolder,
    pathOf: (file: string, commit = COMMIT): string => join(repoFolder(), "snapshots", commit, file),
    blob: (content = MODEL): string => join(repoFolder(), "blobs", sha256(content)),
    /** Of the requests that the storage has had. */
    ranges: (): (string | undefined)[] => setting.server.seen.filter(({ at }) => at === "storage").map(({ range }) => range),
  };
}

/** toEqual() takes seconds for so many bytes. */
export function expectContent(path: string, content: Buffer): void {
  expect(readFileSync(path).equals(content)).toBe(true);
}

/** The error that it fails with, checked to be one of this package. */
export async function failure(promise: Promise<unknown>): Promise<{ code: string; message: string; details?: object; option?: string }> {
  const error = await promise.then(
    (value) => expect.fail(`resolved: ${value}`),
    (reason) => reason,
  );
  expect(error.name).toBe("ArgsearchError");
  return error;
}
