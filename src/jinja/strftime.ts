/** Python's strftime, in the C locale and local time, as transformers gives it to templates. */

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS = [
  ...["January", "February", "March", "April", "May", "June"],
  ...["July", "August", "September", "October", "November", "December"],
];

const two = (value: number): string => String(value).padStart(2, "0");
const spaced = (value: number): string => String(value).padStart(2, " ");
const twelve = (date: Date): number => date.getHours() % 12 || 12;

const CODES: Readonly<Record<string, (date: Date) => string>> = {
  a: (date) => (DAYS[date.getDay()] ?? "").slice(0, 3),
  A: (date) => DAYS[date.getDay()] ?? "",
  w: (date) => String(date.getDay()),
  u: (date) => String(date.getDay() || 7),
  d: (date) => two(date.getDate()),
  e: (date) => spaced(date.getDate()),
  b: (date) => (MONTHS[date.getMonth()] ?? "").slice(0, 3),
  h: (date) => (MONTHS[date.getMonth()] ?? "").slice(0, 3),
  B: (date) => MONTHS[date.getMonth()] ?? "",
  m: (date) => two(date.getMonth() + 1),
  y: (date) => two(date.getFullYear() % 100),
  Y: (date) => String(date.getFullYear()),
  C: (date) => two(Math.floor(date.getFullYear() / 100)),
  H: (date) => two(date.getHours()),
  k: (date) => spaced(date.getHours()),
  I: (date) => two(twelve(date)),
  l: (date) => spaced(twelve(date)),
  p: (date) => (date.getHours() < 12 ? "AM" : "PM"),
  P: (date) => (date.getHours() < 12 ? "am" : "pm"),
  M: (date) => two(date.getMinutes()),
  S: (date) => two(date.getSeconds()),
  f: (date) => `${String(date.getMilliseconds()).padStart(3, "0")}000`,
  s: (date) => String(Math.floor(date.getTime() / 1000)),
  j: (date) => String(dayOfYear(date) + 1).padStart(3, "0"),
  U: (date) => two(Math.floor((dayOfYear(date) + 7 - date.getDay()) / 7)),
  W: (date) => two(Math.floor((dayOfYear(date) + 7 - ((date.getDay() + 6) % 7)) / 7)),
  G: (date) => String(isoThursday(date).getFullYear()),
  g: (date) => two(isoThursday(date).getFullYear() % 100),
  V: (date) => two(Math.floor(dayOfYear(isoThursday(date)) / 7) + 1),
  c: (date) => strftime("%a %b %e %H:%M:%S %Y", date),
  x: (date) => strftime("%m/%d/%y", date),
  X: (date) => strftime("%H:%M:%S", date),
  D: (date) => strftime("%m/%d/%y", date),
  F: (date) => strftime("%Y-%m-%d", date),
  T: (date) => strftime("%H:%M:%S", date),
  R: (date) => strftime("%H:%M", date),
  r: (date) => strftime("%I:%M:%S %p", date),
  // Python's now() knows no time zone.
  z: () => "",
  Z: () => "",
  n: () => "\n",
  t: () => "\t",
  "%": () => "%",
};

/** Codes that are not known stay as they are, as in C. "-" takes the zeros off, "_" makes them spaces, "^" makes capitals. */
export function strftime(format: string, date: Date): string {
  return format.replace(/%([-_0^#])?([a-zA-Z%])/g, (whole, flag: string | undefined, code: string) => {
    const write = CODES[code];
    if (write === undefined) return whole;
    const text = write(date);
    if (flag === "-") return text.replace(/^[0 ]+(?=.)/, "");
    if (flag === "_") return text.replace(/^0+(?=.)/, (zeros) => " ".repeat(zeros.length));
    if (flag === "0") return text.replace(/^ +/, (spaces) => "0".repeat(spaces.length));
    return flag === "^" ? text.toUpperCase() : text;
  });
}

/** From 0, whatever summer time does to the length of a day. */
function dayOfYear(date: Date): number {
  const day = (month: number, of: number): number => Date.UTC(date.getFullYear(), month, of);
  return Math.round((day(date.getMonth(), date.getDate()) - day(0, 1)) / 86_400_000);
}

/** The Thursday of a date's week, whose year the ISO week belongs to. */
function isoThursday(date: Date): Date {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + 4 - (date.getDay() || 7));
}
