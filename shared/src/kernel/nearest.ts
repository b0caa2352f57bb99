/** "did you mean …", for a name at most so many typing errors away; of several the one that begins alike for longest. */
export function nearest(name: string, known: readonly string[], errorsMax = 2): string | undefined {
  let best: { readonly name: string; readonly distance: number; readonly alike: number } | undefined;
  for (const each of known) {
    const distance = editDistance(name, each);
    const alike = lengthAlike(name, each);
    const isNearer =
      best === undefined || distance < best.distance || (distance === best.distance && alike > best.alike);
    if (distance <= errorsMax && isNearer) best = { name: each, distance, alike };
  }
  return best === undefined ? undefined : `did you mean ${best.name}?`;
}

function lengthAlike(left: string, right: string): number {
  let length = 0;
  while (length < left.length && left[length] === right[length]) length++;
  return length;
}

/** Levenshtein's distance. */
function editDistance(left: string, right: string): number {
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const substitution = (previous[column - 1] ?? 0) + (left[row - 1] === right[column - 1] ? 0 : 1);
      current.push(Math.min(substitution, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[right.length] ?? 0;
}
