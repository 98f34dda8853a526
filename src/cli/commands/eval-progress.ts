import cliProgress from "cli-progress";
import type { EvaluationProgress } from "../../evaluate/index.js";
import { cleanedLine } from "../../files/clean.js";
import { note } from "../terminal/output.js";

/** Without a terminal a line is written at most so often. */
const INTERVAL_MS = 30_000;

/** An evaluation's progress on standard error: a bar on a terminal, else now and then a line. */
export function evalProgress(): { update: (progress: EvaluationProgress) => void; stop: () => void } {
  return process.stderr.isTTY ? bar() : lines();
}

function bar(): ReturnType<typeof evalProgress> {
  const shown = new cliProgress.SingleBar({
    stream: process.stderr,
    format: "{stage} {bar} {done}/{total}  {left}",
    barCompleteChar: "█",
    barIncompleteChar: "░",
    barsize: 30,
    clearOnComplete: true,
    hideCursor: true,
    gracefulExit: false,
  });
  return {
    update: ({ stage, done, total, secondsLeft }) => {
      const payload = { stage: cleanedLine(stage), done, left: left(secondsLeft) };
      if (!shown.isActive) shown.start(total, done, payload);
      shown.setTotal(total);
      shown.update(done, payload);
    },
    stop: () => shown.stop(),
  };
}

function lines(): ReturnType<typeof evalProgress> {
  let last = performance.now();
  return {
    update: ({ stage, done, total, secondsLeft }) => {
      if (performance.now() - last < INTERVAL_MS) return;
      last = performance.now();
      note(`${stage}: ${done}/${total} ${left(secondsLeft)}`.trimEnd(), true);
    },
    stop: () => {},
  };
}

/** "1 h 05 min left", "3 min 20 s left", "12 s left". */
function left(seconds: number | null): string {
  if (seconds === null) return "";
  const whole = Math.ceil(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  if (hours > 0) return `${hours} h ${String(minutes).padStart(2, "0")} min left`;
  if (minutes > 0) return `${minutes} min ${String(whole % 60).padStart(2, "0")} s left`;
  return `${whole} s left`;
}
