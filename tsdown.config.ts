import { readdirSync } from "node:fs";
import { basename } from "node:path";
import { defineConfig } from "tsdown";

/** The entries of one platform each. CommonJS alone: no ECMAScript module can name an addon. */
const platforms = Object.fromEntries(readdirSync("src/platforms").map((name) => [basename(name, ".ts"), `src/platforms/${name}`]));

/** Every bundle lies directly in dist/: the source takes the folder above its own for the package's root. */
const common = {
  platform: "node",
  target: "node20",
  outDir: "dist",
  clean: ["dist/*.*"] as string[], // but not dist/playground, which Vite builds
  fixedExtension: false,
  logLevel: "warn",
  outputOptions: { comments: { jsdoc: false }, sourcemapExcludeSources: true }, // types have them
} as const;

/** What package.json exports. Entries of one format share their code: a class is one, whichever entry it comes from. */
const library = {
  index: "src/index.ts",
  eval: "src/evaluate/index.ts",
  fit: "src/fit/index.ts",
  import: "src/import/index.ts",
  bench: "src/bench/index.ts",
  server: "src/server/index.ts",
  "ai-sdk": "src/ai-sdk/index.ts",
};

export default defineConfig([
  {
    ...common,
    entry: { ...library, cli: "src/cli/main.ts", child: "src/child.ts" },
    format: "esm",
    // Files and lines of the sources, 0.1 MB of the packed package; the sources themselves would be 0.3 more.
    sourcemap: true,
    dts: { entry: Object.values(library), sourcemap: false },
  },
  {
    ...common,
    entry: { ...library, ...platforms },
    format: "cjs",
    dts: { entry: Object.values(library) },
    external: /^argsearch\//,
    // The bundler's own replacement calls require(), which breaks where a local `require` hides the module's.
    define: { "import.meta.url": "importMetaUrl" },
    banner: {
      js: 'const importMetaUrl = typeof __filename === "string" ? require("node:url").pathToFileURL(__filename).href : undefined;',
    },
  },
]);
