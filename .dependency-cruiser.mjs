/**
 * Which way imports go: each layer knows those above it in this list, never those below. docs/architecture.md says what
 * each is for. A folder that is not listed is refused, so that a new one gets its place.
 */
const LAYERS = [
  ["errors", "types", "validate", "messages", "statistics", "package-root"], // the words that everyone uses
  ["files"],
  ["isolate"],
  ["engine"],
  ["remote"],
  ["hub"],
  ["gguf", "checkpoint", "jinja", "grammar", "model"],
  ["reward"],
  ["data"],
  ["score"],
  ["decode"],
  ["batch"],
  ["index"], // `argsearch`; what lies below has entries of its own
  ["fit", "import", "server", "ai-sdk"],
  ["evaluate"],
  ["bench"],
  ["cli", "child", "platforms"],
];

/** A unit of src/: a file at its root, or a folder with all it holds. */
const unit = (name) => `^src/${name}(/|\\.ts$)`;
const units = (layers) => layers.flat().map(unit);

const upwards = LAYERS.map((layer, at) => ({
  name: `${layer[0]}-imports-up`,
  comment: `${layer.join(", ")}: what lies above does not exist for it`,
  severity: "error",
  from: { path: units([layer]) },
  to: { path: "^src/", pathNot: units(LAYERS.slice(0, at + 1)) },
}));

/** Within a layer, folders may use those named before them, so that the graph of folders has no cycle either. */
const sideways = LAYERS.flatMap((layer) =>
  layer.slice(0, -1).map((name, at) => ({
    name: `${name}-imports-beside`,
    severity: "error",
    from: { path: unit(name) },
    to: { path: units([layer.slice(at + 1)]) },
  })),
);

export default {
  forbidden: [
    { name: "no-cycle", severity: "error", from: { path: "^src/" }, to: { circular: true } },
    {
      name: "no-orphan",
      severity: "error",
      from: { path: "^src/", orphan: true, pathNot: "^src/(index|child|cli/main|engine/addon-files\\.d)\\.ts$" },
      to: {},
    },
    { name: "not-in-a-layer", severity: "error", from: { path: "^src/", pathNot: units(LAYERS) }, to: {} },
    { name: "not-in-a-layer-2", severity: "error", from: {}, to: { path: "^src/", pathNot: units(LAYERS) } },
    { name: "not-found", severity: "error", from: { path: "^src/" }, to: { couldNotResolve: true } },
    {
      name: "undeclared",
      severity: "error",
      from: { path: "^src/" },
      to: { dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"], dependencyTypesNot: ["npm-peer"] },
    },
    ...upwards,
    ...sideways,
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "\\.node$" }, // addons, which are built when the package is packed
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "types", "node", "default"] },
  },
};
