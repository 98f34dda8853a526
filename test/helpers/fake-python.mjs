// Stands in for Python in tests of importReward(): does what FAKE_PYTHON says, with the arguments of check.py or convert_trunk.py.
//   convert: writes the file at FAKE_TRUNK as the converted trunk, and the arguments to FAKE_ARGS
import { copyFileSync, writeFileSync } from "node:fs";

const args = process.argv.slice(2);
const checking = args[0].endsWith("check.py");
const out = args[3];
const { FAKE_PYTHON, FAKE_TRUNK, FAKE_ARGS } = process.env;

/** What check.py finds wrong. */
const checks = {
  "missing modules"() {
    console.error("missing: torch transformers");
    process.exitCode = 3;
  },
  "old version"() {
    console.error("version: 3.8.10");
    process.exitCode = 4;
  },
  broken() {
    console.error("Fatal Python error: init_fs_encoding");
    process.exitCode = 1;
  },
};

const behaviours = {
  convert() {
    console.log("INFO:hf-to-gguf:Exporting model...");
    copyFileSync(FAKE_TRUNK, out);
    writeFileSync(FAKE_ARGS, JSON.stringify(args));
  },
  "unknown architecture"() {
    console.error("ERROR:hf-to-gguf:Model FooForCausalLM is not supported");
    process.exitCode = 1;
  },
  quantised() {
    console.error("NotImplementedError: Quant method is not yet supported: 'bitsandbytes'");
    process.exitCode = 1;
  },
  "full disk"() {
    writeFileSync(out, "half a file");
    console.error("OSError: [Errno 28] No space left on device");
    process.exitCode = 1;
  },
  crash() {
    console.error("Traceback (most recent call last):\nValueError: Can not map tensor 'model.extra.weight'");
    process.exitCode = 1;
  },
  hang() {
    writeFileSync(out, "half a file");
    if (FAKE_ARGS) writeFileSync(FAKE_ARGS, JSON.stringify({ pid: process.pid }));
    console.log("working");
    setInterval(() => {}, 1000);
  },
};
if (checking) checks[FAKE_PYTHON]?.();
else behaviours[FAKE_PYTHON]();
