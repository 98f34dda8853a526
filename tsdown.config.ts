import { defineConfig } from "tsdown";

/** Every bundle lies directly in dist/: the source takes the folder above its own for the package's root. */
const common = { platform: "node", target: "node20", outDir: "dist", fixedExtension: false, logLevel: "warn" } as const;

export default defineConfig([
  {
    ...common,
    entry: { index: "src/index.ts", cli: "src/cli/main.ts", child: "src/child.ts" },
    format: "esm",
    dts: { entry: "src/index.ts" },
  },
  {
    ...common,
    entry: { index: "src/index.ts" },
    format: "cjs",
    dts: true,
    // The bundler's own replacement calls require(), which breaks where a local `require` hides the module's.
    define: { "import.meta.url": "importMetaUrl" },
    banner: { js: 'const importMetaUrl = require("node:url").pathToFileURL(__filename).href;' },
  },
]);
