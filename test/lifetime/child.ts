/** run-program.ts under vitest. */
import { vi } from "vitest";
import { HANG_MS } from "./run-program.js";

export * from "./run-program.js";

/** The watchdog is what finds a hang, not the test's own time limit. */
vi.setConfig({ testTimeout: 10 * HANG_MS });
