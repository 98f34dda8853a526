// The package by import: RUNTIME module.mjs ORDER.json.
import { readFileSync } from "node:fs";
import * as argsearch from "argsearch";
import decode from "./decode.cjs";

decode(argsearch, JSON.parse(readFileSync(process.argv[2], "utf8")));
