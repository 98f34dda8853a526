import addon from "argsearch/prebuilds/linux-arm64/argsearch.musl.node";
import { useAddon } from "../engine/addon.js";

useAddon(addon);

export * from "../index.js";
