/** The server behind the page: waited for while it loads, and asked what it has. */
import { signal } from "@preact/signals";
import { apiKey } from "../api/api-key.js";
import { get, isUnauthorized } from "../api/client.js";
import { ApiError } from "../api/errors.js";
import type { WireModel } from "../api/wire.js";
import { adopt } from "./settings.js";

export type Server =
  | { state: "connecting" }
  | { state: "loading"; message: string; seconds: number }
  /** `refused`: the key that was given. */
  | { state: "key"; refused: boolean }
  | { state: "failed"; error: ApiError }
  | { state: "ready"; model: string; rewards: string[]; contextSize: number | null };

export const server = signal<Server>({ state: "connecting" });

const RETRY_MS = 1000;

export async function connect(): Promise<void> {
  const begun = performance.now();
  for (;;) {
    try {
      await get("health");
      server.value = await ask();
      return;
    } catch (error) {
      if (isUnauthorized(error)) return askForKey();
      if (!(error instanceof ApiError)) throw error;
      if (error.status !== 503) {
        server.value = { state: "failed", error };
        return;
      }
      server.value = { state: "loading", message: error.message, seconds: Math.round((performance.now() - begun) / 1000) };
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

export function askForKey(): void {
  server.value = { state: "key", refused: apiKey.value !== "" };
}

async function ask(): Promise<Server> {
  const { data } = (await (await get("v1/models")).json()) as { data: WireModel[] };
  const [model] = data;
  if (model === undefined) throw new ApiError("NO_MODEL", "The server names no model at /v1/models.");
  const { rewards = [], objectives = [], settings = {}, contextSize = null } = model.argsearch ?? {};
  adopt(settings);
  return {
    state: "ready",
    model: model.id,
    rewards: rewards.length > 0 ? rewards : objectives,
    contextSize,
  };
}
