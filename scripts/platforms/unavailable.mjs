// What no machine without it can check; named, so that nobody takes the table for the whole.
import { Skip } from "./check.mjs";

const REASONS = {
  "run/electron": "Electron's binary does not come from npm; run/win32-x64-renamed stands in for its renamed executable",
  "run/darwin-x64": "no emulator runs macOS; static/darwin-x64 reads the binary",
  "run/darwin-arm64": "no emulator runs macOS; static/darwin-arm64 reads the binary",
  "run/win32-arm64": "Wine runs programs of its machine's processor alone; static/win32-arm64 reads the binary",
  "run/linux-arm64-musl": "there is no engine for musl; static/linux-arm64-musl reads the binary",
};

const here = new RegExp(`^run/${process.platform}-${process.arch}$`);

export const checks = Object.entries(REASONS)
  .filter(([name]) => !here.test(name)) // the installs show it
  .map(([name, reason]) => ({
    name,
    run: () => {
      throw new Skip(reason);
    },
  }));
