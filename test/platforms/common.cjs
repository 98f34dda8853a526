// The package by require(): RUNTIME common.cjs ORDER.json [ENTRY].
const { readFileSync } = require("node:fs");
const decode = require("./decode.cjs");

const [, , order, entry = "argsearch"] = process.argv;
decode(require(entry), JSON.parse(readFileSync(order, "utf8")));
