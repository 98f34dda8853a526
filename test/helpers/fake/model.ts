/** A model in memory: a byte-level vocabulary. */
import type { ModelInfo, NativeModel } from "../../../src/engine/binding.js";
import { type Fake, type FakeFile, nativeError } from "./state.js";

export const BOS = 256;
export const EOS = 257;
export const N_VOCAB = 258;

export class FakeModel implements NativeModel {
  readonly info: ModelInfo;
  readonly file: FakeFile;

  constructor(
    readonly fake: Fake,
    path: string,
  ) {
    const file = fake.files[path];
    if (!file) throw nativeError("FILE_NOT_FOUND", `${path} does not exist`);
    const labels = file.labels === undefined ? ["reward"] : file.labels;
    this.file = file;
    this.info = {
      path,
      architecture: "fake",
      description: "fake",
      parameters: 1,
      size: 1,
      nEmbd: 4,
      nVocab: N_VOCAB,
      nLayer: 1,
      nCtxTrain: file.nCtxTrain ?? 512,
      recurrent: false,
      encoder: false,
      chatTemplate: file.chatTemplate ?? null,
      addBos: file.addBos ?? true,
      bos: BOS,
      eos: EOS,
      bosText: "<s>",
      eosText: "</s>",
      head: labels && { labels, shift: labels.map(() => 0), scale: labels.map(() => 1) },
    };
  }

  tokenize(text: string, addSpecial: boolean, parseSpecial: boolean): Int32Array {
    const spaced = this.file.spacePrefix && text !== "" ? ` ${text}` : text;
    const parts = parseSpecial ? spaced.split(/(<s>|<\/s>)/) : [spaced];
    const tokens = parts.flatMap((part) =>
      parseSpecial && part === "<s>" ? [BOS] : parseSpecial && part === "</s>" ? [EOS] : bytesOf(part),
    );
    return Int32Array.from(addSpecial && this.info.addBos ? [BOS, ...tokens] : tokens);
  }

  leastTokens(): number {
    return 0;
  }

  pieces(tokens: Int32Array, special: boolean): Uint8Array[] {
    const { bosText, eosText } = this.info;
    return Array.from(tokens, (token) => {
      if (token < 256) return Uint8Array.of(token);
      return Uint8Array.from(special ? bytesOf(token === BOS ? bosText : eosText) : []);
    });
  }

  isEog(token: number): boolean {
    return token === EOS;
  }

  lacking(tokens: Int32Array): Int32Array {
    return tokens.filter((token) => this.file.lacks?.includes(token));
  }

  dispose(): void {
    this.fake.calls.push(`model.dispose ${this.info.path}`);
  }
}

export function bytesOf(text: string | Uint8Array): number[] {
  return [...(typeof text === "string" ? new TextEncoder().encode(text) : text)];
}
