import { describe, expect, it } from "vitest";
import { featuresOf, kernelsIn } from "../../src/bench/machine.js";
import { complaints, parseStat } from "../../src/bench/quiet.js";

it("time that other guests took is told apart from this machine's own", () => {
  const stat = "cpu  100 20 30 800 10 5 5 30 7 0\ncpu0 50 10 15 400 5 2 3 15 3 0\n";
  expect(parseStat(stat)).toEqual({ total: 1000, busy: 190, stolen: 30 });
});

describe("complaints()", () => {
  const quiet = { load: { before: 0.1, after: 0.9 }, others: { before: 0.01, after: 0.02 }, stolen: 0.001 };

  it("finds nothing on a quiet machine, whatever load the measuring itself made", () => {
    expect(complaints({ ...quiet, load: { before: 0, after: 2 } })).toEqual([]);
    expect(complaints({ ...quiet, stolen: null })).toEqual([]);
  });

  it("names what disturbs", () => {
    expect(complaints({ ...quiet, others: { before: 0.5, after: 0 } })).toEqual([expect.stringContaining("50 %")]);
    expect(complaints({ ...quiet, stolen: 0.25 })).toEqual([expect.stringContaining("guests of this host took 25 %")]);
  });
});

it("of a processor's flags those with kernels of their own are kept", () => {
  const intel = "processor\t: 0\nflags\t\t: fpu avx smep avx2 avx512f amx_int8 sha_ni\n";
  expect(featuresOf(intel)).toEqual(["avx", "avx2", "avx512f", "amx_int8"]);
  expect(featuresOf("Features\t: fp asimd asimddp i8mm sve2\n")).toEqual(["asimd", "asimddp", "i8mm", "sve2"]);
  expect(featuresOf("")).toEqual([]);
});

it("the library of kernels is known by its name, on every system", () => {
  expect(kernelsIn(["/x/libggml-base.so", "/x/libggml-cpu-zen4.so"])).toBe("zen4");
  expect(kernelsIn(["C:\\x\\ggml-cpu-haswell.dll"])).toBe("haswell");
  expect(kernelsIn(["/x/libggml-base.so"])).toBeNull();
});
