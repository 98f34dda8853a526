/** Engines of other versions and layouts: refused before anything is called that could not be. The libraries are stand-ins before the real ones. */
import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { canCompile, engineShims } from "../helpers/engine-shim.js";

const { engine } = engineShims();

const ENTRY = fileURLToPath(new URL("../../dist/index.js", import.meta.url));

/** devices() of each directory in one process; "" for the default engine. A line each: "works", or code and message. */
function opened(dirs: string[], env: NodeJS.ProcessEnv = {}): string[] {
  const program = `
    import { devices } from ${JSON.stringify(ENTRY)};
    for (const engineDir of ${JSON.stringify(dirs)}) {
      try {
        devices(engineDir === "" ? { gpu: false } : { engineDir });
        console.log("works");
      } catch (error) {
        console.log(error.code + ": " + error.message);
      }
    }`;
  const options = { encoding: "utf8", env: { ...process.env, ...env } } as const;
  const { stdout, stderr, status } = spawnSync(process.execPath, ["--input-type=module", "--eval", program], options);
  expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
  return stdout.trim().split("\n");
}

const ofVersion = (version: string, ...names: string[]): string =>
  engine(`extern "C" const char * llama_version(void) { return "${version}"; }`, ...names);

/** A function of llama.cpp that returns its structure with one more field in front. */
function shifted(name: string, type: string, parameters = "", values = ""): string {
  return engine(`
    struct Shifted { int inserted; ${type} original; };
    Shifted shifted(${parameters}) asm("${name}");
    Shifted shifted(${parameters}) {
      auto real = reinterpret_cast<${type} (*)(${parameters})>(dlsym(RTLD_NEXT, "${name}"));
      return {0, real(${values})};
    }`);
}

describe.skipIf(!canCompile)("an engine", () => {
  test.each(["v0.4.0", "v0.4.17", "0.5.0"])("of version %s works", (version) => {
    expect(opened([ofVersion(version)])).toEqual(["works"]);
  });

  test.each(["v0.3.9", "v0.6.0", "v0.40.0", "v1.4.0", "b9999", ""])(
    'of version "%s" is refused, and the default one works then',
    (version) => {
      const [first, second] = opened([ofVersion(version), ""]);
      expect(first).toMatch(/^ENGINE_INCOMPATIBLE: .*libllama\.v0\.4\.0\.so is llama\.cpp .*; this argsearch works with v0\.4 and v0\.5\./);
      expect(first).toContain(`is llama.cpp ${version};`);
      expect(second).toBe("works");
    },
  );

  test("of another version is tried where the user insists", () => {
    expect(opened([ofVersion("v0.6.0")], { ARGSEARCH_ANY_ENGINE: "1" })).toEqual(["works"]);
  });

  test.each([
    ["llama_model_default_params", "llama_model_params"],
    ["llama_context_default_params", "llama_context_params"],
    ["llama_model_quantize_default_params", "llama_model_quantize_params"],
    ["llama_sampler_chain_default_params", "llama_sampler_chain_params"],
    ["ggml_threadpool_params_default", "ggml_threadpool_params", "int n", "n"],
    ["llama_batch_get_one", "llama_batch", "llama_token * t, int32_t n", "t, n"],
    ["llama_batch_init", "llama_batch", "int32_t n, int32_t e, int32_t s", "n, e, s"],
  ] as [name: string, type: string, parameters?: string, values?: string][])(
    "whose %s() returns another structure is refused",
    (name, type, parameters, values) => {
      const dir = shifted(name, type, parameters, values);
      const [first, second] = opened([dir, ""], { ARGSEARCH_ANY_ENGINE: "1" });
      expect(first).toMatch(new RegExp(`^ENGINE_INCOMPATIBLE: .* lays out ${type} differently from this addon`));
      expect(second).toBe("works");
    },
  );

  test("is the newest of several: v0.10 comes after v0.9", () => {
    const dir = ofVersion("v0.10.0", ".v0.9.0", ".v0.10.0", ".v0.2.0");
    expect(opened([dir])[0]).toMatch(/libllama\.v0\.10\.0\.so is llama\.cpp v0\.10\.0/);
  });

  test("is taken whole: a newer library alone does not count", () => {
    const dir = ofVersion("v0.4.0", ".v0.4.0", ".v0.9.0");
    rmSync(join(dir, "libggml.v0.9.0.so"));
    writeFileSync(join(dir, "libllama.v0.9.0.so"), "not even a library");
    expect(opened([dir])).toEqual(["works"]);
    rmSync(join(dir, "libllama.v0.4.0.so"));
    expect(opened([dir])[0]).toMatch(
      /^ENGINE_INCOMPATIBLE: the libraries in .* are of different builds: libllama\.v0\.9\.0\.so has no ggml .*libggml\.v0\.4\.0\.so/,
    );
  });

  test("may have plain names", () => {
    expect(opened([ofVersion("v0.4.0", "")])).toEqual(["works"]);
  });
});
