import { afterEach, describe, expect, it } from "vitest";
import { resolveFit } from "../../src/fit/options.js";
import { clockKey, dateOf, today } from "../../src/model/template-options.js";

const zone = process.env.TZ;

afterEach(() => {
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
});

const local = (date: Date): number[] => [date.getFullYear(), date.getMonth() + 1, date.getDate(), date.getHours(), date.getMinutes()];

describe("a date", () => {
  it.each(["America/New_York", "UTC", "Pacific/Kiritimati"])("alone is that day's beginning in %s", (name) => {
    process.env.TZ = name;
    expect(local(dateOf("2025-01-31"))).toEqual([2025, 1, 31, 0, 0]);
    expect(local(dateOf("2024-02-29"))).toEqual([2024, 2, 29, 0, 0]);
    expect(local(dateOf("2025-01-31T12:30"))).toEqual([2025, 1, 31, 12, 30]);
    expect(dateOf("2025-01-31T12:30:05.250Z").toISOString()).toBe("2025-01-31T12:30:05.250Z");
    expect(dateOf("2025-01-31T12:30+02:00").toISOString()).toBe("2025-01-31T10:30:00.000Z");
  });

  it.each([
    ...["2025", "2025-01", "5", "", "2025-02-30", "2025-02-29T12:00", "2025-04-31", "2025-13-01", "2025-01-00", "2025-00-01"],
    ...["2025-01-31T24:00", "2025-01-31T12", "2025-01-31T12:60", "31 Jan 2025", "01/31/2025", "2025-1-31", " 2025-01-31", "2025-01-31Z"],
  ])("is not %j", (text) => {
    expect(() => dateOf(text)).toThrow(expect.objectContaining({ code: "OPTION_INVALID", option: "date" }));
  });
});

describe("what a later run continues", () => {
  it("has the day's beginning for the present time", () => {
    expect(local(today())).toEqual([...local(new Date()).slice(0, 3), 0, 0]);
    const own = { model: "m.gguf", pairs: "p.jsonl", out: "o.gguf" };
    expect(resolveFit(own).template.date).toEqual(today());
    expect(resolveFit({ ...own, date: "2025-01-31T12:00" }).template.date).toEqual(new Date(2025, 0, 31, 12));
  });

  it("knows the time, and where it is that time, if a template writes it", () => {
    expect(clockKey(["{{ messages }}", null], today())).toBeNull();
    process.env.TZ = "UTC";
    const [noon, template] = [new Date(Date.UTC(2025, 0, 31, 12)), "{{ strftime_now('%H') }}"];
    const key = clockKey([template], noon);
    expect(clockKey([template], new Date(noon))).toBe(key);
    expect(clockKey([template], new Date(noon.getTime() + 1))).not.toBe(key);
    process.env.TZ = "Europe/Berlin";
    expect(clockKey([template], noon)).not.toBe(key);
  });
});
