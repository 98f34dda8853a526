// Builds llama.cpp's RPC backend and its server, of the release and against the libraries of the installed engine package, in build/rpc/.
// That folder is also where the server finds the engine: links to its libraries lie beside it.
//
//   node scripts/rpc.mjs
//   build/rpc/rpc-server --host 127.0.0.1 --port 50052
import { existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fetchRpcSources } from "./headers.mjs";
import { version } from "./lib/llama-source.mjs";
import { requireTools } from "./lib/prerequisites.mjs";
import { Failure, main, root, run, step } from "./lib/run.mjs";

const packages = { "linux-x64": "linux-x64", "linux-arm64": "linux-arm64", "darwin-x64": "mac-x64", "darwin-arm64": "mac-arm64-metal" };
/** Raised with every change of how they are built. */
const BUILD = 1;
const target = join(root, "build", "rpc");
const mac = process.platform === "darwin";
const extension = mac ? ".dylib" : ".so";
const library = `libggml-rpc${extension}`;

/** Does nothing where it has been done for this release. Returns the folder. */
export function buildRpc() {
  if (isBuilt()) return target;
  requireTools("compiler");
  const engine = engineDir();
  const source = step("llama.cpp's RPC backend", fetchRpcSources);
  mkdirSync(dirname(target), { recursive: true });
  const made = mkdtempSync(join(dirname(target), "rpc-"));
  try {
    step("RPC backend and server", () => compile(source, engine, made));
    for (const name of readdirSync(engine)) if (/^lib(ggml|llama)\b/.test(name)) symlinkSync(join(engine, name), join(made, name));
    mkdirSync(join(made, `release-${version}.${BUILD}`));
    replace(made);
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
  return target;
}

/** The libraries of the engine package, which the backend is compiled against. */
function engineDir() {
  const name = packages[`${process.platform}-${process.arch}`];
  if (name === undefined) {
    throw new Failure(
      `No RPC backend is built on ${process.platform}: build llama.cpp with -DGGML_RPC=ON and name its folder with engineDir`,
    );
  }
  try {
    const entry = createRequire(join(root, "package.json")).resolve(`@node-llama-cpp/${name}`);
    return realpathSync(join(dirname(entry), "..", "bins", name));
  } catch {
    throw new Failure(`@node-llama-cpp/${name} is not installed: run \`npm install\` first`);
  }
}

function compile(source, engine, out) {
  const compiler = process.env.CXX || "c++";
  const [base, ggml] = [/^libggml-base\./, /^libggml(?:\.metal)?\.v?[\d.]*(?:so|dylib)$/].map((pattern) => {
    const name = readdirSync(engine).find((each) => pattern.test(each));
    if (name === undefined) throw new Failure(`${engine} has no library like ${pattern.source}`);
    return join(engine, name);
  });
  const includes = ["ggml/include", "ggml/src"].map((path) => `-I${join(source, path)}`);
  const common = ["-std=c++17", "-O2", "-DNDEBUG", "-DGGML_BACKEND_DL", "-DGGML_BACKEND_SHARED", "-DGGML_SHARED", ...includes];
  const rpath = `-Wl,-rpath,${mac ? "@loader_path" : "$ORIGIN"}`;
  const parts = ["ggml-rpc.cpp", "transport.cpp"].map((name) => join(source, "ggml/src/ggml-rpc", name));
  const shared = mac ? ["-dynamiclib"] : ["-shared"];
  run(compiler, [...common, "-DGGML_BACKEND_BUILD", "-fPIC", ...shared, ...parts, base, rpath, "-s", "-o", join(out, library)]);
  const server = [join(source, "tools/rpc/rpc-server.cpp"), join(root, "scripts/rpc/server-start.cc")];
  run(compiler, [...common, "-Wno-deprecated-declarations", ...server, ggml, base, rpath, "-pthread", "-o", join(out, "rpc-server")]);
}

/** Of this release, and beside an engine that has not moved. */
function isBuilt() {
  const links = existsSync(target) ? readdirSync(target) : [];
  return existsSync(join(target, `release-${version}.${BUILD}`)) && links.every((name) => existsSync(join(target, name)));
}

/** Into place; another process may have been faster. */
function replace(made) {
  if (isBuilt()) return;
  rmSync(target, { recursive: true, force: true });
  try {
    renameSync(made, target);
  } catch (error) {
    if (!existsSync(target)) throw error;
  }
}

await main(import.meta.url, () => {
  console.log(buildRpc());
});
