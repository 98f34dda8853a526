/** The child's side of an isolated decoder. */
import type { EngineInput } from "../engine/isolated-wire.js";
import { serveEngine } from "../engine/serve-engine.js";
import type { Opened, Parent } from "../isolate/serve-object.js";
import { withFunctions } from "../reward/remote-functions.js";
import type { LoadOptions } from "../types.js";
import type { DecoderMethods } from "./decoder-wire.js";
import { loadLocal } from "./load-local.js";
import { resolveLoad } from "./options.js";

export async function openDecoder(input: EngineInput<LoadOptions>, parent: Parent): Promise<Opened<DecoderMethods>> {
  const { onProgress, methods } = serveEngine(input, parent);
  const { options } = input;
  const decoder = await loadLocal(resolveLoad({ ...options, reward: withFunctions(options.reward, parent), onProgress }));
  return {
    info: decoder.info,
    state: () => decoder.counters(),
    methods: {
      ...methods,
      generate: ({ signal }, prompt, options) => decoder.generate(prompt, { ...options, signal }),
      generateWhenFree: ({ signal }, prompt, options) => decoder.generateWhenFree(prompt, { ...options, signal }),
      stream: ({ signal }, prompt, options) => decoder.stream(prompt, { ...options, signal }),
      score: ({ signal }, inputs, options) => decoder.score(inputs, { ...options, signal }),
      clear: (_, slot) => decoder.clear(slot),
      cacheBytes: () => decoder.cacheBytes(),
      stepIn: (_, count) => decoder.stepIn(count),
      stepOut: (_, count) => decoder.stepOut(count),
    },
  };
}
