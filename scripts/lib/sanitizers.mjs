// What compilers' sanitizers need to run native code of ours beside an engine, and below a Node, that were built without them.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { Failure, root } from "./run.mjs";

const suppressions = (name) => join(root, "test", "native", "suppressions", `${name}.txt`);

/** `flags` is CMake's ARGSEARCH_SANITIZE, `library` the runtime that Node is started with, `env` the options of what it runs. */
export const SANITIZERS = {
  address: {
    title: "AddressSanitizer and UndefinedBehaviorSanitizer",
    flags: "address,undefined",
    library: "libasan.so",
    native: { ASAN_OPTIONS: "detect_leaks=1", UBSAN_OPTIONS: "print_stacktrace=1" },
    // Node leaves its heap to the system when it exits.
    addon: { ASAN_OPTIONS: "detect_leaks=0", UBSAN_OPTIONS: "print_stacktrace=1" },
  },
  thread: {
    title: "ThreadSanitizer",
    flags: "thread",
    library: "libtsan.so",
    // It sees no atomics, and so no order, in libraries that it did not build: what they do among themselves is not judged.
    native: { TSAN_OPTIONS: "ignore_noninstrumented_modules=1" },
    addon: { TSAN_OPTIONS: `ignore_noninstrumented_modules=1:halt_on_error=1:suppressions=${suppressions("thread")}` },
  },
};

/** The runtime of the compiler that a build tree was made with: what Node preloads. A Failure where there is none. */
export function runtimeLibrary({ title, library }, tree) {
  const compiler = /^CMAKE_CXX_COMPILER:\w+=(.*)$/m.exec(readFileSync(join(tree, "CMakeCache.txt"), "utf8"))[1];
  const { stdout = "" } = spawnSync(compiler, [`-print-file-name=${library}`], { encoding: "utf8" });
  const path = stdout.trim();
  if (isAbsolute(path) && existsSync(path)) return path;
  throw new Failure(`${compiler} has no ${library}: the addon under ${title} takes g++, with its sanitizers' runtimes, on Linux`);
}
