/** The races of test/lifetime, often, and with the compute threads that they would use. */
process.env.ARGSEARCH_REPEATS ??= "20";
process.env.ARGSEARCH_THREADS ??= "2";
await import("../lifetime/processes.test.js");
await import("../lifetime/workers.test.js");
await import("../lifetime/collection.test.js");
await import("../lifetime/attach.test.js");
await import("../lifetime/logger.test.js");
