/** How fast is it here: what `argsearch/bench` exports. */

export type { Machine } from "./machine.js";
export { measureSpeed } from "./measure-speed.js";
export { type LeftOut, SPEED_MODES } from "./modes.js";
export type { SpeedOptions, SpeedPoint, SpeedProgress } from "./options.js";
export type { Quietness } from "./quiet.js";
export { type WrittenSpeedReport, writeSpeedReport } from "./report.js";
export type { Departures, SpeedMemory, SpeedPointResult, SpeedResults, SpeedRow } from "./results.js";
export type { Summary } from "./summary.js";
