// The package by require(): RUNTIME common.cjs.
const assert = require("node:assert/strict");
const { ArgsearchError, load } = require("argsearch");

(async () => {
  const decoder = await load({ gpu: false, threads: 2 });
  const { tokens } = await decoder.generate("Can you help me?", { template: "none", maxTokens: 8 });
  console.log(tokens.join(" "));
  await decoder.dispose();
  const error = await load({ policy: "nowhere.gguf" }).catch((reason) => reason);
  assert(error instanceof ArgsearchError);
  const other = await require("argsearch/eval")
    .evaluate({})
    .catch((reason) => reason);
  assert(other instanceof ArgsearchError);
  const module = await import("argsearch");
  assert.equal(typeof module.load, "function");
})();
