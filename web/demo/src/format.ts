/** Numbers as people read them. Bytes are decimal: 1 MB is 1,000,000 bytes, as stores and networks count. */

const number = (digits: number) => new Intl.NumberFormat('en', { maximumFractionDigits: digits, minimumFractionDigits: digits });
const whole = number(0);
const tenth = number(1);

export function bytes(n: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  let unit = 0;
  let value = n;
  // 999.6 MB is a GB: it would be written as 1,000 MB.
  while (value >= (unit === 0 ? 1000 : 999.5) && unit < units.length - 1) {
    value /= 1000;
    ++unit;
  }
  return `${unit > 0 && value < 99.95 ? tenth.format(value) : whole.format(value)} ${units[unit]}`;
}

export function count(n: number): string {
  return whole.format(n);
}

/** `12 tokens`, `1 token`. */
export function plural(n: number, noun: string): string {
  return `${count(n)} ${noun}${n === 1 ? '' : 's'}`;
}

/** Tokens per second, megabytes per second and their like: three figures. */
export function rate(n: number): string {
  return n < 99.95 ? tenth.format(n) : whole.format(n);
}

export function milliseconds(ms: number): string {
  if (ms >= 999.5) return `${number(2).format(ms / 1000)} s`;
  return ms < 99.95 ? `${tenth.format(ms)} ms` : `${whole.format(ms)} ms`;
}

/** Of waiting: coarse, so that it does not flicker. */
export function remaining(seconds: number): string {
  if (!Number.isFinite(seconds)) return '';
  if (seconds < 1.5) return 'about a second left';
  if (seconds < 10) return `about ${Math.ceil(seconds)} seconds left`;
  if (seconds < 55) return `about ${Math.ceil(seconds / 5) * 5} seconds left`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return minutes <= 1 ? 'about a minute left' : `about ${minutes} minutes left`;
  return `about ${tenth.format(seconds / 3600)} hours left`;
}

export function percent(share: number): string {
  return `${whole.format(share * 100)} %`;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
