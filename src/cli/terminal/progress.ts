import cliProgress from "cli-progress";
import { cleanedLine } from "../../files/clean.js";
import type { ModelDownload } from "../../index.js";
import { bytes } from "./format.js";
import { note } from "./output.js";

/** Loading that is over sooner shows no bar. */
const PATIENCE_MS = 200;

const LOOK = {
  stream: process.stderr,
  barCompleteChar: "█",
  barIncompleteChar: "░",
  barsize: 30,
  clearOnComplete: true,
  hideCursor: true,
  gracefulExit: false,
};

/** What there is to see of long work; without a terminal, nothing. */
export interface WorkBar {
  /** `total` 0: not known. */
  update: (done: number, total: number) => void;
  /** Makes room for a line on standard error; the bar comes back with the next update. */
  clear: () => void;
  stop: () => void;
}

/** Progress with the time left, on standard error, if that is a terminal. */
export function workBar(what: string): WorkBar {
  if (!process.stderr.isTTY) return { update: () => {}, clear: () => {}, stop: () => {} };
  const bar = new cliProgress.SingleBar({
    ...LOOK,
    format: `${cleanedLine(what)} {bar} {value}/{total}  {eta_formatted} left`,
    etaBuffer: 100,
  });
  return {
    update: (done, total) => {
      if (total === 0) return;
      if (!bar.isActive) bar.start(total, done);
      bar.update(done);
    },
    clear: () => process.stderr.write("\r\x1b[K"),
    stop: () => bar.stop(),
  };
}

/** Models on their way from the Hub, in bytes; without a terminal, a line when a download begins. */
export function downloadBar(): { update: (download: ModelDownload) => void; stop: () => void } {
  const bar = new cliProgress.SingleBar({ ...LOOK, format: "{file} {bar} {done} of {size}  {eta_formatted} left", etaBuffer: 100 });
  let last = "";
  return {
    update: ({ file, bytes: done, total }) => {
      const shown = { file: cleanedLine(file), done: bytes(done), size: bytes(total) };
      if (!process.stderr.isTTY && file !== last) note(`downloading ${shown.file}, ${shown.done} of ${shown.size} are here`, true);
      last = file;
      if (!process.stderr.isTTY) return;
      if (!bar.isActive) bar.start(total, done, shown);
      bar.setTotal(total);
      bar.update(done, shown);
    },
    stop: () => bar.stop(),
  };
}

/** A loading bar on standard error, if that is a terminal: `update` takes 0…1, `stop` removes it. */
export function loadingBar(): { update: (progress: number) => void; stop: () => void } {
  if (!process.stderr.isTTY) return { update: () => {}, stop: () => {} };
  const bar = new cliProgress.SingleBar({ ...LOOK, format: "loading {bar} {percentage}%" });
  const started = performance.now();
  return {
    update: (progress) => {
      if (bar.isActive) bar.update(progress);
      else if (performance.now() - started > PATIENCE_MS) bar.start(1, progress);
    },
    stop: () => bar.stop(),
  };
}
