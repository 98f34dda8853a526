/** A random OPT as a Hugging Face directory, to convert: node --import tsx test/runtimes/opt.ts DIRECTORY */
import { randomOpt, writeOpt } from "../helpers/random-opt.js";

const [, , directory] = process.argv;
if (directory === undefined) throw new Error("usage: opt.ts DIRECTORY");
writeOpt(directory, randomOpt(71));
