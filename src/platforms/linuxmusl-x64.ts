import addon from "argsearch/prebuilds/linux-x64/argsearch.musl.node";
import { useAddon } from "../engine/addon.js";

useAddon(addon);

export * from "../index.js";
