/** What an engine in a process of its own is told when it is opened, and tells without being asked. */
import type { LogLevel } from "./logger.js";

export interface EngineInput<O = unknown> {
  options: O;
  /** Somebody wants the engine's log. */
  log: boolean;
  /** Somebody wants to know how loading gets on. */
  progress: boolean;
}

export type EngineEvent =
  | { progress: number }
  | { log: [level: LogLevel, text: string] }
  /** A process warning of this package: as emitWarning() takes it. */
  | { warning: { message: string; type: string; code: string } };
