/** `@huggingface/hub`, opened when the first name of the Hub is met: local files need none of it, and an application that names none may leave it out. */
import { ArgsearchError } from "../errors.js";

export type HubLibrary = Pick<typeof import("@huggingface/hub"), "getHFHubCachePath" | "getRepoFolderName" | "listFiles" | "modelInfo">;

/** @throws ArgsearchError DEPENDENCY_MISSING */
export async function hubLibrary(): Promise<HubLibrary> {
  try {
    return await import("@huggingface/hub");
  } catch (cause) {
    throw new ArgsearchError("DEPENDENCY_MISSING", "models of the Hub (hf:…) need @huggingface/hub: npm install @huggingface/hub", {
      cause,
    });
  }
}
