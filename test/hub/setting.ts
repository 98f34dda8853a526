/** A Hub of one's own and an empty cache for each test. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, vi } from "vitest";
import { HubServer } from "../helpers/hub-server.js";

const NAMES = ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HUB_OFFLINE"];

export interface HubSetting {
  server: HubServer;
  /** HF_HOME. */
  home: string;
}

/** In the environment of this process, and so of those that it starts. */
export function hubSetting(): HubSetting {
  const setting = {} as HubSetting;
  beforeAll(async () => {
    setting.server = await HubServer.start();
  });
  beforeEach(() => {
    setting.home = mkdtempSync(join(tmpdir(), "argsearch-hub-"));
    for (const name of NAMES) vi.stubEnv(name, undefined);
    vi.stubEnv("HF_HOME", setting.home);
    vi.stubEnv("HF_ENDPOINT", setting.server.url);
    vi.stubEnv("ARGSEARCH_CACHE_DIR", join(setting.home, "own"));
    setting.server.repos.clear();
    setting.server.seen.length = 0;
    setting.server.faults.length = 0;
    setting.server.pageSize = 1000;
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(setting.home, { recursive: true, force: true });
  });
  afterAll(() => setting.server.close());
  return setting;
}
