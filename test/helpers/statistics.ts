/** Pearson's χ² of counts against probabilities. Expected counts should be 5 or more each. */
export function chiSquare(counts: readonly number[], probabilities: readonly number[]): number {
  const draws = counts.reduce((a, b) => a + b, 0);
  return counts.reduce((sum, count, index) => sum + (count - draws * probabilities[index]) ** 2 / (draws * probabilities[index]), 0);
}

export function softmax(values: readonly number[]): number[] {
  const most = Math.max(...values);
  const weights = values.map((value) => Math.exp(value - most));
  const total = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / total);
}
