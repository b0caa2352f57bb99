/** Spans of time in words, in ms. */

/** How long ago: `now`, `7 s ago`, `3 min ago`, `2 h ago`, `4 d ago`. */
export function ageText(age: number): string {
  return age < 1500 ? "now" : `${spanText(age)} ago`;
}

/** How long still; rounded up, so that it is never 0 while something is left. */
export function remainingText(left: number): string {
  return spanText(Math.ceil(left / 1000) * 1000);
}

function spanText(span: number): string {
  const seconds = Math.floor(span / 1000);
  if (seconds < 100) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 100) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} d`;
}
