/** The key of a server that asks for one: for this tab, until it is closed. */
import { signal } from "@preact/signals";

const STORED = "argsearch.api-key";

export const apiKey = signal(sessionStorage.getItem(STORED) ?? "");

export function setApiKey(key: string): void {
  apiKey.value = key;
  sessionStorage.setItem(STORED, key);
}
