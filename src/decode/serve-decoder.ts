/** The child's side of an isolated decoder. */
import type { EngineInput } from "../engine/isolated-wire.js";
import { serveEngine } from "../engine/serve-engine.js";
import type { Opened, Parent } from "../isolate/serve-object.js";
import { withFunctions } from "../reward/remote-functions.js";
import type { LoadOptions } from "../types.js";
import type { DecoderMethods } from "./decoder-wire.js";
import { loadLocal } from "./load-local.js";
import { resolveLoad } from "./load-options.js";
import { drain } from "./response-stream.js";

/** A token of a stream and the asking for the next cross the border between the processes, which takes some tenths of a millisecond. */
const LINGER_MS = 1;

export async function openDecoder(input: EngineInput<LoadOptions>, parent: Parent): Promise<Opened<DecoderMethods>> {
  const { onProgress, methods } = serveEngine(input, parent);
  const { options } = input;
  const decoder = await loadLocal(resolveLoad({ ...options, reward: withFunctions(options.reward, parent), onProgress }), LINGER_MS);
  return {
    info: decoder.info,
    state: () => decoder.counters(),
    methods: {
      ...methods,
      generate: ({ signal }, prompt, options) => decoder.generate(prompt, { ...options, signal }),
      // The signal itself names the call to the reward functions that ask the parent.
      stream: ({ signal }, prompt, options) => decoder.steps(prompt, { ...options, signal }),
      streamWhenFree: ({ signal }, prompt, options) => decoder.steps(prompt, { ...options, signal }, true),
      generateWhenFree: ({ signal }, prompt, options) => drain(decoder.steps(prompt, { ...options, signal }, true)),
      score: ({ signal }, inputs, options) => decoder.score(inputs, { ...options, signal }),
      tokenize: (_, text, options) => decoder.tokenize(text, options),
      detokenize: (_, tokens, options) => decoder.detokenize(tokens, options),
      pieces: (_, tokens) => decoder.pieces(tokens),
      countTokens: (_, prompt, options) => decoder.countTokens(prompt, options),
      render: (_, prompt, options) => decoder.render(prompt, options),
      clear: (_, slot) => decoder.clear(slot),
      cacheBytes: () => decoder.cacheBytes(),
      stepIn: (_, count) => decoder.stepIn(count),
      stepOut: (_, count) => decoder.stepOut(count),
    },
  };
}
