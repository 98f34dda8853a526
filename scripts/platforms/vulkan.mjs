// A GPU in software: the Vulkan engine on Mesa's lavapipe, tried in a child process as every GPU is, then used.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { npm } from "../lib/run.mjs";
import { Skip } from "./check.mjs";
import { compare } from "./compare.mjs";
import { succeed } from "./execute.mjs";

const ENGINE = "@node-llama-cpp/linux-x64-vulkan@3.21.1";

const DRIVERS = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d"];

/** The driver compiles each shader on the CPU, when it is first used. */
const LIMIT_MS = 300_000;

/** Of rewards, which spread over several units: the embedded pair is F16, which two processors round differently. */
const TOLERANCE = 0.02;

const TOKENS = 8;

function lavapipe() {
  const files = DRIVERS.filter(existsSync).flatMap((dir) => readdirSync(dir).map((name) => join(dir, name)));
  return files.find((file) => /lvp_icd/.test(file));
}

async function decodes(place) {
  if (process.platform !== "linux" || process.arch !== "x64") throw new Skip("it is made for linux-x64");
  const driver = lavapipe();
  if (driver === undefined) throw new Skip("there is no lavapipe (Debian: mesa-vulkan-drivers)");
  const cwd = place.project("vulkan");
  const args = ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", place.tarball, ENGINE];
  npm(args, { cwd, purpose: `npm installs the package and ${ENGINE}` });
  const env = {
    ...process.env,
    ARGSEARCH_CACHE_DIR: join(cwd, "cache"), // so that the GPU is tried
    VK_DRIVER_FILES: driver,
    GGML_VK_VISIBLE_DEVICES: "0", // devices that are CPUs are taken by number alone
    GGML_VK_DISABLE_FUSION: "1", // lavapipe of Mesa 22.3 dies in fused shaders
  };
  const program = { command: process.execPath, args: ["module.mjs"], cwd, env, limitMs: LIMIT_MS };
  const order = { maxTokens: TOKENS };
  const { report, result } = await place.decode(program, { gpu: "vulkan" }, order);
  const { difference } = compare(report, await place.reference({}, order), result, TOLERANCE);
  const cli = join(cwd, "node_modules", "argsearch", "dist", "cli.js");
  const { stdout } = await succeed(process.execPath, [cli, "devices", "--json"], { cwd, env, limitMs: LIMIT_MS });
  const device = JSON.parse(stdout).find(({ backend }) => backend === "Vulkan");
  const alike = `rewards within ${difference.toExponential(0)} of the CPU's`;
  const note = `${device.description}, trial: ${device.trial}; ${report.tokens.flat().length} tokens, ${alike}`;
  return { loaded: "yes", tokens: "same", note };
}

export const checks = [{ name: "gpu/vulkan", run: decodes }];
