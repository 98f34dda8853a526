/** A copy of a GGUF with all weights in F32: node --import tsx test/platforms/f32.ts SOURCE TARGET */

import { binding } from "../../src/engine/binding.js";
import { anyEngine } from "../../src/engine/choice.js";
import { engineOf } from "../../src/engine/options.js";

const [, , source, target] = process.argv;
if (source === undefined || target === undefined) throw new Error("usage: f32.ts SOURCE TARGET");
await anyEngine(engineOf({ gpu: false }));
await binding().quantizeGguf(source, target, "f32", 1);
