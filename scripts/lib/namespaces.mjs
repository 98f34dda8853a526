// Network namespaces of Linux: machines that see each other and nothing else. Each joins one bridge in a namespace of its own, so that
// nothing of this machine's network is touched. Takes root and `ip`.
import { spawnSync } from "node:child_process";
import { Failure, run } from "./run.mjs";

/** Undefined where they can be made, else why not. */
export function namespacesMissing() {
  if (process.platform !== "linux") return "network namespaces are Linux's";
  const name = `args-${process.pid}-try`;
  const { status, stderr, error } = spawnSync("ip", ["netns", "add", name], { encoding: "utf8" });
  if (status !== 0) return `\`ip netns add\` is not permitted here: ${error?.message ?? stderr.trim()}`;
  run("ip", ["netns", "del", name]);
  return undefined;
}

/** `count` machines at 10.77.0.1, 10.77.0.2, …; close() removes them. */
export function makeNamespaces(count) {
  const hub = `args-${process.pid}-hub`;
  const machines = Array.from({ length: count }, (_, at) => ({ name: `args-${process.pid}-${at + 1}`, address: `10.77.0.${at + 1}` }));
  const close = () => {
    for (const { name } of [...machines, { name: hub }]) spawnSync("ip", ["netns", "del", name]);
  };
  try {
    run("ip", ["netns", "add", hub]);
    run("ip", ["-n", hub, "link", "add", "bridge", "type", "bridge"]);
    run("ip", ["-n", hub, "link", "set", "bridge", "up"]);
    for (const [at, { name, address }] of machines.entries()) {
      run("ip", ["netns", "add", name]);
      run("ip", ["-n", name, "link", "set", "lo", "up"]);
      run("ip", ["-n", name, "link", "add", "eth0", "type", "veth", "peer", "name", `port${at}`, "netns", hub]);
      run("ip", ["-n", hub, "link", "set", `port${at}`, "master", "bridge", "up"]);
      run("ip", ["-n", name, "address", "add", `${address}/24`, "dev", "eth0"]);
      run("ip", ["-n", name, "link", "set", "eth0", "up"]);
    }
    return { machines, close };
  } catch (error) {
    close();
    throw new Failure(`no network namespaces here: ${error.message}`);
  }
}

/** A command line that runs on that machine. */
export function onMachine({ name }, command) {
  return ["ip", "netns", "exec", name, ...command];
}
