/** What a child process that ended in the middle of its work says of it. */

/** "…/ggml-cuda.cu:108: " at the start of a line, " at …/common.cuh:1640" at its end. */
const PLACE = /^\S+\.\w+:\d+: | at \S+\.\w+:\d+$/g;
const TELLING = /error|fail|assert|what\(\)|exception|memory|unsupported|cannot|abort|crash/i;

/** What tells most of the engine's last words, without the places in its source. */
export function essence(words: string): string {
  const lines = words.split("\n").map((line) => line.replaceAll(PLACE, "").trim().replace(/\.$/, ""));
  const telling = lines.filter((line) => TELLING.test(line));
  const chosen = telling.length > 0 ? telling : lines.filter((line) => line !== "");
  // One that only begins a longer one adds nothing: "CUDA error" beside "CUDA error: out of memory".
  const news = chosen.filter((line, i) => !chosen.some((other, j) => j !== i && other.startsWith(line) && (other !== line || j < i)));
  return news.slice(0, 4).join("; ").slice(0, 400);
}

/** What a signal or an exit code means, where it is known. */
const MEANINGS: Readonly<Record<string, string>> = {
  SIGKILL: "ended from outside, as systems do when memory runs out",
  SIGSEGV: "a memory fault in native code",
  SIGBUS: "a memory fault, as when a mapped file was cut short",
  SIGFPE: "an arithmetic fault in native code",
  SIGILL: "an instruction that this processor does not have",
  SIGABRT: "native code gave up",
  // Windows' names of the same.
  "code 3221225477": "a memory fault in native code",
  "code 3221225501": "an instruction that this processor does not have",
  "code 3221225725": "its stack overflowed",
  "code 3221226356": "its heap was damaged",
  "code 3221226505": "native code gave up",
};

/** "SIGSEGV: a memory fault in native code". */
export function meaningOf(how: string): string {
  const meaning = MEANINGS[how];
  return meaning === undefined ? how : `${how}: ${meaning}`;
}
