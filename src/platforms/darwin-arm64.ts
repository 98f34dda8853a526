import addon from "argsearch/prebuilds/darwin-arm64/argsearch.node";
import { useAddon } from "../engine/addon.js";

useAddon(addon);

export * from "../index.js";
