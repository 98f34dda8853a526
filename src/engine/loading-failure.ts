/** Why a system opens no library, out of its loader's words, and what its user can install. */

/** The floors of the engine packages and of the addon, which are built alike. */
const FLOORS = { GLIBC: "2.34", GLIBCXX: "3.4.29" } as const;

type Cure = [pattern: RegExp, cure: (match: RegExpExecArray) => string];

const CURES: readonly Cure[] = [
  [
    /version [`'"]?(GLIBC|GLIBCXX)_([\d.]+)/,
    ([, name]) => {
      const library = name === "GLIBC" ? `glibc ${FLOORS.GLIBC}` : `GCC 11's libstdc++ (GLIBCXX_${FLOORS.GLIBCXX})`;
      return `This system is too old: it takes ${library} or newer, as in Debian 12, Ubuntu 22.04, Red Hat 9 or Amazon Linux 2023. Use a newer system or container image`;
    },
  ],
  [
    /(libstdc\+\+|libgcc_s|libgomp)\.so\.\d+: cannot open shared object/,
    ([, name = ""]) => {
      const [apt, dnf] =
        { "libstdc++": ["libstdc++6", "libstdc++"], libgcc_s: ["libgcc-s1", "libgcc"], libgomp: ["libgomp1", "libgomp"] }[name] ?? [];
      return `Install what is missing: apt-get install ${apt} (Debian, Ubuntu), dnf install ${dnf} (Fedora, RHEL)`;
    },
  ],
  [
    /ld-linux-|libc\.so\.6|symbol not found|Error relocating/,
    () => "It is made for glibc, and this system has another C library: use a system with glibc (node:22-slim in place of node:22-alpine)",
  ],
  [/built for macOS ([\d.]+) which is newer/, ([, version]) => `It takes macOS ${version} or newer`],
  [
    /error 126\b|specified module could not be found/i,
    () =>
      `Install the Microsoft Visual C++ 2015-2022 redistributable: winget install Microsoft.VCRedist.2015+.${process.arch === "arm64" ? "arm64" : "x64"}`,
  ],
  [
    /error 193\b|not a valid Win32|wrong ELF class|incompatible architecture|invalid ELF header|file too short|slice is not valid mach-o/i,
    () => `It is damaged, or made for another processor than this Node's, which is ${process.arch}: install it again on this machine`,
  ],
];

/** One sentence without its full stop; undefined for reasons that are not known. */
export function cureOf(reason: string): string | undefined {
  for (const [pattern, cure] of CURES) {
    const match = pattern.exec(reason);
    if (match) return cure(match);
  }
  return undefined;
}
