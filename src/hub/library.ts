/** `@huggingface/hub`, opened when the first name of the Hub is met: local files need none of it. */

export type HubLibrary = Pick<typeof import("@huggingface/hub"), "getHFHubCachePath" | "getRepoFolderName" | "listFiles" | "modelInfo">;

export function hubLibrary(): Promise<HubLibrary> {
  return import("@huggingface/hub");
}
