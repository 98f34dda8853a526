/** UTF-8 that arrives in pieces: whole characters come out, a torn one waits for its rest. */
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** Bytes as text by themselves; torn or invalid characters become U+FFFD. */
export function decodeText(bytes: Uint8Array): string {
  return utf8.decode(bytes);
}

export class Utf8Stream {
  #rest: Uint8Array = new Uint8Array(0);

  /** The characters that these bytes complete. */
  push(bytes: Uint8Array): string {
    const all = this.#joined(bytes);
    const cut = completeLength(all);
    this.#rest = all.slice(cut);
    return utf8.decode(all.subarray(0, cut));
  }

  /** What push() would return, without keeping the bytes. */
  peek(bytes: Uint8Array): string {
    const all = this.#joined(bytes);
    return utf8.decode(all.subarray(0, completeLength(all)));
  }

  /** The end: a character that stayed torn becomes U+FFFD. */
  flush(): string {
    const text = utf8.decode(this.#rest);
    this.#rest = new Uint8Array(0);
    return text;
  }

  #joined(bytes: Uint8Array): Uint8Array {
    if (this.#rest.length === 0) return bytes;
    const all = new Uint8Array(this.#rest.length + bytes.length);
    all.set(this.#rest);
    all.set(bytes, this.#rest.length);
    return all;
  }
}

/** Length without a character at the end that lacks bytes; a lead byte tells how many it has. */
function completeLength(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    return characterLength(byte) > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

function characterLength(lead: number): number {
  if (lead >= 0xf8) return 1; // no character begins like this: nothing to wait for
  if (lead >= 0xf0) return 4;
  if (lead >= 0xe0) return 3;
  return lead >= 0xc0 ? 2 : 1;
}
