import cliProgress from "cli-progress";

/** Loading that is over sooner shows no bar. */
const PATIENCE_MS = 200;

/** A loading bar on standard error, if that is a terminal: `update` takes 0…1, `stop` removes it. */
export function loadingBar(): { update: (progress: number) => void; stop: () => void } {
  if (!process.stderr.isTTY) return { update: () => {}, stop: () => {} };
  const bar = new cliProgress.SingleBar({
    stream: process.stderr,
    format: "loading {bar} {percentage}%",
    barCompleteChar: "█",
    barIncompleteChar: "░",
    barsize: 30,
    clearOnComplete: true,
    hideCursor: true,
    gracefulExit: false,
  });
  const started = performance.now();
  return {
    update: (progress) => {
      if (bar.isActive) bar.update(progress);
      else if (performance.now() - started > PATIENCE_MS) bar.start(1, progress);
    },
    stop: () => bar.stop(),
  };
}
