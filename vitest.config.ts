import { configDefaults, defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: [...configDefaults.exclude, "test/slow/**"],
    pool: "forks", // a native crash takes one file's process, not the run
    maxWorkers: "100%", // much of the time tests wait for processes that they started
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
