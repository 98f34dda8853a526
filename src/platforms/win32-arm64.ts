import addon from "argsearch/prebuilds/win32-arm64/argsearch.node";
import { useAddon } from "../engine/addon.js";

useAddon(addon);

export * from "../index.js";
