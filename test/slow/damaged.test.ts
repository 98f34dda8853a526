/** Twenty thousand flipped bytes; ARGSEARCH_SEED says which. */
process.env.ARGSEARCH_ROUNDS ??= "40";
await import("../errors/damaged.test.js");
