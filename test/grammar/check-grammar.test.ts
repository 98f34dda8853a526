import { describe, expect, it } from "vitest";
import { checkGrammar } from "../../src/grammar/check-grammar.js";

const left = (depth: number, tail: string) => Array.from({ length: depth }, (_, i) => `a${i} ::= a${i + 1} ${tail}\n`).join("");

/** What llama.cpp takes. */
const USABLE: [string, string][] = [
  ["a list", 'root ::= item ("," item)*\nitem ::= [a-z0-9]+'],
  [
    "every kind of symbol",
    'root ::= "a\\x41\\u00e9\\U0001F600\\n\\"\\\\" [^a-c\\]\\-x-] . (x | y{2} | z{1,3} | w{2,})? <[3]> !<[4]>\nx::="1"\ny::="2"\nz::="3"\nw::="4"',
  ],
  ["comments and lines", '# first\n\nroot ::=\n  ( "a" # inside\n  | "b" ) |\n  "c"   # end\r\nb ::= "d" root\n'],
  ["an empty alternative", 'root ::= | "a" root'],
  ["no end", 'root ::= "a" root'],
  ["what may be empty, repeated", 'root ::= ("a"? "b"?)*'],
  ["nothing", 'root ::= ""'],
  ["the largest repetition", 'root ::= "a"{1999}'],
  ["a repetition of rules", 'root ::= a{0,1999}\na ::= "x"{500}'],
  ["no repetition", 'root ::= "b" "a"{0}'],
  ["100 parentheses", `root ::= ${"(".repeat(100)}"a"${")".repeat(100)}`],
  ["a chain of rules", `root ::= a0\n${left(500, '"x"')}a500 ::= "y"`],
];

/** What llama.cpp refuses without a reason, takes for something else, hangs on or aborts at; with the line that is named. */
const UNUSABLE: [string, string, number][] = [
  ["no rule", "", 1],
  ["no root", 'a ::= "b"', 1],
  ["an undefined rule", 'root ::= "a"\n\nx ::= nothing', 3],
  ["an undefined root", "a ::= root", 1],
  ["a rule twice", 'root ::= "a"\nroot ::= "b"', 2],
  ["no ::=", 'root = "a"', 1],
  ["an open literal", 'root ::= "a', 1],
  ["an open class", "root ::= [a-", 1],
  ["an open group", 'root ::= ("a"', 1],
  ["a closed group", 'root ::= "a")', 1],
  ["an alternative on its own line", 'root ::= "a"\n | "b"', 2],
  ["an unknown escape", 'root ::= "\\d"', 1],
  ["a short escape", 'root ::= "\\x1"', 1],
  ["a name with an underscore", 'root ::= "a"\nmy_rule ::= "b"', 2],
  ["nothing to repeat", "root ::= *", 1],
  ["an empty text to repeat", 'root ::= ""*', 1],
  ["a backward repetition", 'root ::= "a"{3,2}', 1],
  ["a repetition without a number", 'root ::= "a"{,3}', 1],
  ["a large repetition", 'root ::= "a"{2000}', 1],
  ["an end that would be ignored", 'root ::= "a"{0,2001}', 1],
  ["a huge number", `root ::= "a"{${"9".repeat(40)}}`, 1],
  ["a repetition of groups", 'root ::= (("a" | "b") ("c"))*\nx ::= (("a") ("b") ("c")){700}', 2],
  ["repetitions of repetitions", 'root ::= "a"{50}{50}', 1],
  ["empty brackets", 'root ::= "a" []', 1],
  ["a backward range", "root ::= [z-a]", 1],
  ["a broken token", "root ::= <[x]>", 1],
  ["left recursion", 'root ::= "b" | root "a"', 1],
  ["left recursion through rules", 'root ::= a\na ::= b "x"\nb ::= a | "y"', 2],
  ["left recursion behind what may be empty", 'root ::= ("a"?) root "b" | "c"', 1],
  ["the same behind rules", 'root ::= "k" x\nx ::= e e x "b" | "c"\ne ::= f\nf ::= "a" |', 2],
  ["an empty repetition", 'root ::= ("a" | )*', 1],
  ["never a character", 'root ::= e root\ne ::= f\nf ::= g\ng ::= ""', 1],
  ["a NUL", 'root ::= "a"\n\0', 2],
  ["half a character", 'root ::= "\ud83d"', 1],
  ["101 parentheses", `root ::= ${"(".repeat(101)}"a"${")".repeat(101)}`, 1],
  ["100,000 parentheses", `root ::= ${"(".repeat(100_000)}`, 1],
  ["a chain of many rules", `root ::= a0\n${left(5000, '"x"')}a5000 ::= "y"`, 4002],
  ["a long name", `root ::= "a"\n${"x".repeat(200)} ::= "b"`, 2],
  ["a long text", `root ::= "${"a".repeat(1_000_000)}"`, 1],
  ["much to repeat", `root ::= "a"\nx ::= "${"a".repeat(2000)}"{1000}`, 2],
  ["many plus signs", `root ::= "a"${"+".repeat(20_000)}`, 1],
  [
    "beginnings that double",
    `root ::= a0\n${Array.from({ length: 30 }, (_, i) => `a${i} ::= a${i + 1} "x" | a${i + 1} "y"\n`).join("")}a30 ::= "z"`,
    18,
  ],
];

describe("grammars", () => {
  it.each(USABLE)("%s", (_, text) => expect(() => checkGrammar(text)).not.toThrow());
});

describe("no grammars", () => {
  it.each(UNUSABLE)("%s", (_, text, line) => {
    let found: unknown;
    try {
      checkGrammar(text);
    } catch (error) {
      found = error;
    }
    expect(found).toMatchObject({ name: "ArgsearchError", code: "GRAMMAR_INVALID", option: "grammar" });
    expect((found as Error).message).toContain(`grammar, line ${line}: `);
    expect((found as Error).message.length).toBeLessThan(300);
  });
});
