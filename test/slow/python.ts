/** What the slow tests that take Python with torch have in common. */
import { spawnSync } from "node:child_process";
import { python } from "./tools.js";

export { llamaSource, python } from "./tools.js";

const modules = "import torch, transformers, tokenizers, sentencepiece, gguf";
/** It has what training/requirements.txt lists. */
export const pythonReady = spawnSync(python, ["-c", modules], { stdio: "ignore" }).status === 0;
if (!pythonReady) console.warn(`not tested: "${python} -c '${modules}'" fails; name a Python that has them in ARGSEARCH_PYTHON`);
