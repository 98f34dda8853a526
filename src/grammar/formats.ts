/** Strings of a named `format`: the insides of their quotes. */
import type { Rules } from "./rules.js";
import { schemaInvalid } from "./schema-error.js";

// Years divisible by 4, not by 100, but by 400.
const FOURTH = '( "0" [48] | [2468] [048] | [13579] [26] )';
const LEAP_YEAR = `( [0-9] [0-9] ${FOURTH} | ( "00" | ${FOURTH} ) "00" )`;
const DAY_28 = '( "0" [1-9] | "1" [0-9] | "2" [0-8] )';
const DAY_30 = '( "0" [1-9] | [12] [0-9] | "30" )';
const DATE = [
  `[0-9]{4} "-" ( ( "0" [13578] | "10" | "12" ) "-" ( ${DAY_30} | "31" ) | ( "0" [469] | "11" ) "-" ${DAY_30} | "02-" ${DAY_28} )`,
  `${LEAP_YEAR} "-02-29"`,
].join(" | ");

const HOUR = '( [01] [0-9] | "2" [0-3] )';
const TIME = `${HOUR} ":" [0-5] [0-9] ":" [0-5] [0-9] ( "." [0-9]{1,9} )? ( "Z" | [-+] ${HOUR} ":" [0-5] [0-9] )`;

const HEX = "[0-9a-fA-F]";
const UUID = [8, 4, 4, 4, 12].map((count) => `${HEX}{${count}}`).join(' "-" ');

const BYTE = '( "25" [0-5] | "2" [0-4] [0-9] | "1" [0-9] [0-9] | [1-9] [0-9] | [0-9] )';
const IPV4 = [BYTE, BYTE, BYTE, BYTE].join(' "." ');

export const FORMATS = ["date", "time", "date-time", "uuid", "ipv4"] as const;

/** The rule of a format. @throws ArgsearchError SCHEMA_INVALID for one that is not here */
export function formatRule(name: string, place: string, rules: Rules): string {
  switch (name) {
    case "date":
      return rules.add("date", DATE, place);
    case "time":
      return rules.add("time", TIME, place);
    case "date-time":
      return rules.add("date-time", `${formatRule("date", place, rules)} "T" ${formatRule("time", place, rules)}`, place);
    case "uuid":
      return rules.add("uuid", UUID, place);
    case "ipv4":
      return rules.add("ipv4", IPV4, place);
    default:
      throw schemaInvalid(
        place,
        `the format ${JSON.stringify(name.slice(0, 40))} cannot be kept; known are ${FORMATS.join(", ")}. Write it as a pattern, or leave it out`,
      );
  }
}
