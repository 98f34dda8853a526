/**
 * A binding in memory: a byte-level vocabulary, a policy that recites a script, rewards by a formula. Deterministic, and
 * what the library did to it can be read back.
 */

import type { Binding, LoadModelOptions, NativeCancel, NativeScorer, ScoreSequence, SequenceScore } from "../../src/engine/binding.js";
import { FakeModel } from "./fake/model.js";
import { FakeSearch } from "./fake/search.js";
import { currentFake, type Fake, FakeCancel, nativeError, throwIfCancelled } from "./fake/state.js";

export { BOS, EOS } from "./fake/model.js";
export { Fake, type FakeFile, nativeError, resetFake } from "./fake/state.js";

class FakeScorer implements NativeScorer {
  constructor(
    readonly fake: Fake,
    readonly model: FakeModel,
  ) {}

  async score(sequences: ScoreSequence[], _hidden: boolean, cancel?: NativeCancel): Promise<SequenceScore[]> {
    await this.fake.call(`score ${sequences.length}`);
    throwIfCancelled(cancel);
    const labels = this.model.info.head?.labels ?? [];
    return sequences.map(({ tokens, positions }) => ({
      rewards: Float64Array.from(
        [...positions].flatMap((position) => labels.map((_, label) => this.fake.reward([...tokens.subarray(0, position + 1)], label))),
      ),
    }));
  }

  counters(): { tokens: number; decodes: number } {
    return { tokens: 0, decodes: 0 };
  }

  async dispose(): Promise<void> {
    await this.fake.call("scorer.dispose");
  }
}

/** Stands in for binding() of src/engine/binding.ts. */
export function binding(): Binding {
  const fake = currentFake();
  return {
    limits: { slots: 128, drafts: 256, lookahead: 16 },
    openEngine: (dir) => ({ dir, version: "fake" }),
    currentEngine: () => null,
    devices: () => [{ name: "CPU", description: "fake", backend: "CPU", type: "cpu", memoryFree: 0, memoryTotal: 0 }],
    addRpcServer: () => Promise.reject(nativeError("DEVICE_UNAVAILABLE", "the fake knows no servers")),
    setLogCallback: () => {},
    createCancel: () => new FakeCancel(),
    trainPredictor: () => Promise.reject(nativeError("MODEL_UNSUPPORTED", "the fake learns nothing")),
    createPrefixReader: () => Promise.reject(nativeError("MODEL_UNSUPPORTED", "the fake answers nothing")),
    createEmbedder: () => Promise.reject(nativeError("MODEL_UNSUPPORTED", "the fake embeds nothing")),
    async loadModel({ path, cancel }: LoadModelOptions, onProgress) {
      await fake.call(`load ${path}`);
      throwIfCancelled(cancel);
      onProgress?.(0.5);
      onProgress?.(1);
      return new FakeModel(fake, path);
    },
    async shareModel({ info }, path) {
      await fake.call(`share ${info.path} ${path}`);
      return new FakeModel(fake, path);
    },
    async adaptModel({ info }, path) {
      await fake.call(`adapt ${info.path} ${path}`);
      return new FakeModel(fake, info.path);
    },
    vocabularyDifference(a, b) {
      const differ = (a as FakeModel).file.otherVocabulary !== (b as FakeModel).file.otherVocabulary;
      return differ ? "token 7 is a here and b there" : null;
    },
    async createSearch(options) {
      await fake.call("createSearch");
      return new FakeSearch(fake, options);
    },
    async createScorer({ model }) {
      await fake.call("createScorer");
      return new FakeScorer(fake, model as FakeModel);
    },
    async readGguf(path) {
      const position = fake.files[path]?.position;
      const entry = { key: "argsearch.reward.position", type: "str", value: position ?? null, count: 1 };
      return position === undefined ? fake.gguf : { ...fake.gguf, entries: [...fake.gguf.entries, entry] };
    },
    async rewriteGguf(source, target, set, remove) {
      fake.rewritten = { source, target, set, remove };
      await fake.call(`rewrite ${target}`);
    },
    quantizeGguf: () => Promise.resolve(),
    shutdown: () => {},
  };
}
