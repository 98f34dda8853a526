// Takes and gives back locks as it is told, a JSON object a line; says what came out of it. Arguments: the bundle of src/files/lock.ts, and
// a function of node:fs at which it is killed, or, behind "no ", one that its file system does not have.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [bundle, fatal = ""] = process.argv.slice(2);
if (fatal.startsWith("no ")) {
  fs[fatal.slice(3)] = () => {
    throw Object.assign(new Error("ENOTSUP: operation not supported"), { code: "ENOTSUP", syscall: "link" });
  };
} else if (fatal !== "") {
  fs[fatal] = () => process.kill(process.pid, "SIGKILL");
}
syncBuiltinESMExports();
const { lockDirectory } = await import(pathToFileURL(bundle).href);
let unlock = async () => {};
console.log("ready");
for await (const line of createInterface({ input: process.stdin })) {
  const { take, at = 0, exit } = JSON.parse(line);
  if (exit !== undefined) process.exit(exit);
  if (take === undefined) {
    await unlock();
    console.log("released");
    continue;
  }
  while (Date.now() < at); // together with others
  try {
    unlock = await lockDirectory(take);
    console.log("won");
  } catch (error) {
    console.log(`${error.code} ${error.message}`);
  }
}
