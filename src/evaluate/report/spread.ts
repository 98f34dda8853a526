/** `count` places spread evenly over `total`. */
export function spread(total: number, count: number): number[] {
  const most = Math.min(total, count);
  return Array.from({ length: most }, (_, at) => Math.floor(((at + 0.5) * total) / most));
}
