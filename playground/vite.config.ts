import { defineConfig } from "vite";

/** One page, one script, one style sheet: nothing inline, so that the server can send `default-src 'self'`. */
export default defineConfig({
  base: "./", // wherever createServer() is mounted
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "../dist/playground",
    emptyOutDir: true,
    target: ["chrome123", "firefox120", "safari17.5"], // the first with light-dark()
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
