// A Chromium for the tests of the playground: the machine's own, else that of npm's @sparticuz/chromium, whose tarball holds the program
// and the libraries that a bare Linux lacks. Unpacked into .cache, never installed: it is 70 MB that few need.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { escaped } from "./markup.mjs";
import { Failure, main, npm, place, root, run, step } from "./run.mjs";

const NAME = "@sparticuz/chromium";
const VERSION = "153.0.0";
const INTEGRITY = "sha512-jiGWqSvPMdu4+P9TilYqAR7yEGPEHINx+lCvE/NqNO/EHYzF/x1hUiI5T6ioVIt7dEy7n88byyT0vk+dnsgQwA==";

const cached = join(root, ".cache", "chromium", VERSION);

/** Where installers put it, beside what PATH finds. */
const PLACES = {
  linux: [],
  darwin: ["/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium"],
  win32: [process.env.PROGRAMFILES, process.env["PROGRAMFILES(X86)"], process.env.LOCALAPPDATA]
    .filter((folder) => folder !== undefined)
    .map((folder) => join(folder, "Google", "Chrome", "Application", "chrome.exe")),
};

/**
 * What playwright-core's chromium.launch() takes. On CI one is fetched where the machine has none; undefined: there is none, and `npm run chromium`
 * may fetch one. CHROME_PATH names one of your own.
 */
export function chromium({ fetch = process.env.CI !== undefined } = {}) {
  const own = process.env.CHROME_PATH ?? onThisMachine();
  if (own !== undefined) return { executablePath: own, args: sandboxless() };
  if (process.platform !== "linux" || process.arch !== "x64") return undefined;
  if (!existsSync(cached)) {
    if (!fetch) return undefined;
    fetchChromium();
  }
  return {
    executablePath: join(cached, "chromium"),
    args: [...sandboxless(), "--font-render-hinting=none"],
    env: { ...process.env, LD_LIBRARY_PATH: join(cached, "lib"), FONTCONFIG_FILE: join(cached, "fonts.conf") },
  };
}

/** Chromium's sandbox refuses root, and needs what containers often forbid. The pages of the tests are our own. */
function sandboxless() {
  return process.platform === "linux" ? ["--no-sandbox"] : [];
}

function onThisMachine() {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const names = process.platform === "linux" ? ["google-chrome", "google-chrome-stable", "chromium", "chromium-browser"] : [];
  const candidates = [...(PLACES[process.platform] ?? []), ...names.flatMap((name) => folders.map((folder) => join(folder, name)))];
  return candidates.find((path) => existsSync(path));
}

/** A Failure says why there is none. */
export function fetchChromium() {
  mkdirSync(join(cached, ".."), { recursive: true });
  const temporary = mkdtempSync(join(cached, "..", "fetch-"));
  try {
    npm(["pack", `${NAME}@${VERSION}`], { cwd: temporary, purpose: `The tests' Chromium comes from npm's ${NAME}@${VERSION}` });
    const tarball = `${NAME.slice(1).replace("/", "-")}-${VERSION}.tgz`;
    const found = `sha512-${createHash("sha512")
      .update(readFileSync(join(temporary, tarball)))
      .digest("base64")}`;
    if (found !== INTEGRITY) throw new Failure(`${tarball} is not the file that is expected here: it has ${found}`);
    unpack(temporary, tarball);
    const { error, status, stderr } = spawnSync(join(temporary, "whole", "chromium"), ["--version"], {
      encoding: "utf8",
      env: { ...process.env, LD_LIBRARY_PATH: join(temporary, "whole", "lib") },
    });
    if (status !== 0) throw new Failure(`Chromium of npm's ${NAME} does not run here: ${error?.message ?? stderr.trim()}`);
    place(join(temporary, "whole"), cached);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

function unpack(folder, tarball) {
  const explain = (output) => `Cannot unpack ${tarball} with tar: ${output}`;
  run("tar", ["-xzf", tarball, "package/bin"], { cwd: folder, explain });
  const whole = join(folder, "whole");
  mkdirSync(whole);
  const packed = (name) => brotliDecompressSync(readFileSync(join(folder, "package", "bin", `${name}.br`)));
  writeFileSync(join(whole, "chromium"), packed("chromium"));
  chmodSync(join(whole, "chromium"), 0o755);
  for (const name of ["al2023.tar", "swiftshader.tar", "fonts.tar"]) {
    writeFileSync(join(folder, name), packed(name));
    run("tar", ["-xf", join(folder, name)], { cwd: whole, explain });
  }
  writeFileSync(join(whole, "fonts.conf"), fontSettings());
}

/** Its one family of fonts first, so that pictures are the same everywhere, then the machine's. */
function fontSettings() {
  const alias = (family) => `<alias binding="same"><family>${family}</family><prefer><family>Open Sans</family></prefer></alias>`;
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
<dir>${escaped(join(cached, "fonts"))}</dir><dir>/usr/share/fonts</dir>
<cachedir>${escaped(join(cached, "font-cache"))}</cachedir>
${alias("sans-serif")}${alias("system-ui")}
</fontconfig>
`;
}

await main(import.meta.url, () => {
  if (chromium() === undefined) step("Chromium", fetchChromium);
  const found = chromium();
  if (found === undefined) throw new Failure("There is no Chromium for this platform in npm's packages: install one, or set CHROME_PATH");
  console.log(found.executablePath);
});
