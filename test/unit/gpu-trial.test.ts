import { describe, expect, test } from "vitest";
import { essence } from "../../src/isolate/last-words.js";

describe("the reason that a trial gives out of the engine's last words", () => {
  test.each<[what: string, words: string, reason: string]>([
    [
      "CUDA's, on a driver older than its kernels",
      `CUDA error: the provided PTX was compiled with an unsupported toolchain.
  current device: 0, in function ggml_cuda_kernel_can_use_pdl at /build/llama.cpp/ggml/src/ggml-cuda/common.cuh:1640
  cudaFuncGetAttributes(&attr, kernel)
/build/llama.cpp/ggml/src/ggml-cuda/ggml-cuda.cu:108: CUDA error`,
      "CUDA error: the provided PTX was compiled with an unsupported toolchain",
    ],
    [
      "a C++ exception",
      "terminate called after throwing an instance of 'vk::DeviceLostError'\n  what():  vk::Queue::submit: ErrorDeviceLost\n",
      "terminate called after throwing an instance of 'vk::DeviceLostError'; what():  vk::Queue::submit: ErrorDeviceLost",
    ],
    ["an assertion", "D:\\ggml\\ggml.c:12: GGML_ASSERT(a->ne[0] == b) failed", "GGML_ASSERT(a->ne[0] == b) failed"],
    ["the same twice", "no memory\nno memory", "no memory"],
    ["words without a known one", "\nbye\n  now\n", "bye; now"],
    ["none", "", ""],
  ])("%s", (_what, words, reason) => {
    expect(essence(words)).toBe(reason);
  });

  test("is short, whatever the words", () => {
    const lines = Array.from({ length: 100 }, (_, i) => `error ${i}: ${"x".repeat(i)}!`);
    expect(essence(lines.join("\n")).split("; ")).toEqual(lines.slice(0, 4));
    expect(essence(`error ${"x".repeat(1000)}`)).toHaveLength(400);
  });
});
