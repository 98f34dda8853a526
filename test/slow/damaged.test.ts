/** Twenty thousand flipped bytes; ARGSEARCH_SEED chooses which. */
process.env.ARGSEARCH_FLIPS ??= "20000";
await import("../errors/damaged.test.js");
