/** Was the machine quiet? Times of a machine that others use say little. */
import { readFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { setTimeout } from "node:timers/promises";

/** Processor time since the machine started, in any unit. */
export interface ProcessorTime {
  total: number;
  busy: number;
  /** Taken by other guests of the same host; null where the system does not tell. */
  stolen: number | null;
}

/** What was seen of others on this machine. Shares are of all its processors' time, 0 to 1. */
export interface Quietness {
  /** Load average of the last minute, before and after; 0 on Windows. */
  load: { before: number; after: number };
  /** Share in use just before and just after, while nothing was measured. */
  others: { before: number; after: number };
  /** Share that other guests of the host took meanwhile; null where the system does not tell. */
  stolen: number | null;
  /** Why the times are to be taken with care; empty when the machine was quiet. */
  busy: string[];
}

const SAMPLE_MS = 500;

/** More than this used by others disturbs two threads on two cores already. */
const OTHERS = 0.1;
const STOLEN = 0.02;

/** Watches from its creation to end(); each looks at the machine for half a second during which nothing may be computed. */
export class Watch {
  private constructor(
    private readonly load: number,
    private readonly others: number,
    private readonly started: ProcessorTime,
  ) {}

  static async start(): Promise<Watch> {
    const load = load1();
    const others = await shareInUse();
    return new Watch(load, others, processorTime());
  }

  async end(): Promise<Quietness> {
    const stolen = shareStolen(this.started, processorTime());
    const others = { before: this.others, after: await shareInUse() };
    const load = { before: this.load, after: load1() };
    return { load, others, stolen, busy: complaints({ load, others, stolen }) };
  }
}

export function complaints({ others, stolen }: Omit<Quietness, "busy">): string[] {
  const found: string[] = [];
  if (others.before > OTHERS) found.push(`other programs used ${percent(others.before)} of the processors before the first measurement`);
  if (others.after > OTHERS) found.push(`other programs used ${percent(others.after)} of the processors after the last measurement`);
  if (stolen !== null && stolen > STOLEN) found.push(`other guests of this host took ${percent(stolen)} of the processor time`);
  return found;
}

async function shareInUse(): Promise<number> {
  const before = processorTime();
  await setTimeout(SAMPLE_MS);
  const after = processorTime();
  return share(after.busy - before.busy, after.total - before.total);
}

function shareStolen(before: ProcessorTime, after: ProcessorTime): number | null {
  if (before.stolen === null || after.stolen === null) return null;
  return share(after.stolen - before.stolen, after.total - before.total);
}

function share(part: number, whole: number): number {
  return whole > 0 ? part / whole : 0;
}

function processorTime(): ProcessorTime {
  try {
    return parseStat(readFileSync("/proc/stat", "utf8"));
  } catch {
    const times = cpus().map((cpu) => cpu.times);
    const idle = times.reduce((sum, each) => sum + each.idle, 0);
    const total = times.reduce((sum, { user, nice, sys, idle, irq }) => sum + user + nice + sys + idle + irq, 0);
    return { total, busy: total - idle, stolen: null };
  }
}

/** The first line of Linux's /proc/stat: user nice system idle iowait irq softirq steal (guests are in user). */
export function parseStat(text: string): ProcessorTime {
  const fields = /^cpu\s+(.*)$/m.exec(text)?.[1]?.split(/\s+/).map(Number) ?? [];
  const [user = 0, nice = 0, system = 0, idle = 0, wait = 0, irq = 0, soft = 0, steal = 0] = fields;
  const busy = user + nice + system + irq + soft + steal;
  return { total: busy + idle + wait, busy, stolen: steal };
}

function load1(): number {
  return loadavg()[0] ?? 0;
}

function percent(value: number): string {
  return `${(100 * value).toFixed(0)} %`;
}
