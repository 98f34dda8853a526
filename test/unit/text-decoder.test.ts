import { describe, expect, it } from "vitest";
import { decodeText, Utf8Stream } from "../../src/model/text-decoder.js";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("Utf8Stream", () => {
  it("gives whole characters only, however the bytes are cut", () => {
    const text = "aé€😀\u{feff}z日本語👩‍👩‍👧";
    const bytes = encode(text);
    for (let size = 1; size <= 7; size++) {
      const stream = new Utf8Stream();
      let out = "";
      for (let at = 0; at < bytes.length; at += size) {
        const part = stream.push(bytes.subarray(at, at + size));
        expect(part).not.toContain("\u{fffd}");
        out += part;
      }
      expect(out + stream.flush()).toBe(text);
    }
  });

  it("shows what more bytes would give, without taking them", () => {
    const stream = new Utf8Stream();
    const first = encode("é").subarray(0, 1);
    const second = encode("é").subarray(1);
    expect(stream.push(first)).toBe("");
    expect(stream.peek(second)).toBe("é");
    expect(stream.peek(second)).toBe("é");
    expect(stream.push(second)).toBe("é");
    expect(stream.peek(first)).toBe("");
  });

  it("ends a torn character with U+FFFD", () => {
    const stream = new Utf8Stream();
    expect(stream.push(encode("a😀").subarray(0, 3))).toBe("a");
    expect(stream.flush()).toBe("\u{fffd}");
    expect(stream.flush()).toBe("");
  });

  it("does not wait for what can never come", () => {
    const stream = new Utf8Stream();
    expect(stream.push(Uint8Array.of(0x80, 0x80, 0x80, 0x80))).toBe("\u{fffd}".repeat(4));
    expect(stream.push(Uint8Array.of(0xff))).toBe("\u{fffd}");
    expect(stream.push(Uint8Array.of(0xc3))).toBe("");
    expect(stream.push(encode("ab"))).toBe("\u{fffd}ab");
  });
});

describe("decodeText", () => {
  it("replaces torn characters", () => {
    expect(decodeText(encode("é").subarray(0, 1))).toBe("\u{fffd}");
    expect(decodeText(new Uint8Array(0))).toBe("");
  });
});
