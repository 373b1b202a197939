// The arithmetic of the figures.

/** The client that the others are compared with. */
export const BASE = "bare fetch";

/** The middle of some numbers, and their ends. */
export function summary(numbers) {
  if (numbers.length === 0) throw new RangeError("there is nothing to summarise");
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const median =
    sorted.length % 2 === 1
      ? sorted[Math.floor(middle)]
      : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median, min: sorted[0], max: sorted.at(-1) };
}

/**
 * How many times as much as another, round by round. Rounds that were measured one after the other met the same
 * noise, so that it cancels out in their ratio.
 */
export function ratios(numbers, others) {
  if (numbers.length !== others.length) throw new RangeError("the rounds do not match");
  return summary(numbers.map((number, round) => number / others[round]));
}

/**
 * Measures everything in turn, round by round. Every second round goes backwards, so that none always follows the
 * same other.
 *
 * @template T
 * @param {number} rounds
 * @param {T[]} subjects
 * @param {(subject: T, round: number) => Promise<number>} measure
 * @returns {Promise<Map<T, number[]>>} The numbers of each subject, by round.
 */
export async function interleaved(rounds, subjects, measure) {
  const found = new Map(subjects.map((subject) => [subject, []]));
  for (let round = 0; round < rounds; round += 1) {
    const order = round % 2 === 0 ? subjects : [...subjects].reverse();
    for (const subject of order) found.get(subject).push(await measure(subject, round));
  }
  return found;
}

/** A number with three digits that count, and commas. */
export function digits(number) {
  const places = Math.abs(number) >= 100 ? 0 : Math.abs(number) >= 10 ? 1 : 2;
  return number.toLocaleString("en", { maximumFractionDigits: places });
}
