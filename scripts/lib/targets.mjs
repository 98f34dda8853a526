// What the published package has an addon for.

/** `libc` is Linux's alone. `name` is also the subpath of package.json's exports: "argsearch/linuxmusl-x64". */
export const TARGETS = [
  ...["x64", "arm64"].flatMap((arch) => [target("linux", arch, "glibc"), target("linux", arch, "musl")]),
  ...["x64", "arm64"].map((arch) => target("darwin", arch)),
  ...["x64", "arm64"].map((arch) => target("win32", arch)),
];

function target(platform, arch, libc) {
  const system = libc === "musl" ? "linuxmusl" : platform;
  // As prebuildify names and places them.
  const file = `prebuilds/${platform}-${arch}/argsearch${libc === undefined ? "" : `.${libc}`}.node`;
  return { name: `${system}-${arch}`, platform, arch, libc, file };
}

/** The target that this Node runs on; undefined where the package has none. */
export function hostTarget() {
  const { platform, arch } = process;
  const libc = platform !== "linux" ? undefined : process.report.getReport().header.glibcVersionRuntime ? "glibc" : "musl";
  return TARGETS.find((each) => each.platform === platform && each.arch === arch && each.libc === libc);
}
