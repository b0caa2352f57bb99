/** Secrets that this agent has read, and texts without them: what a module says may repeat what it was given. */

/** Secrets that are looked for. More: texts are left out altogether, because nobody can say any more what is in them. */
const hiddenMax = 512;
/** UTF-16 units of a line of a longer secret (a key has many) that is looked for by itself. Shorter ones are in everything. */
const lineLengthMin = 8;
const inItsPlace = "(secret)";

export class HiddenTexts {
  readonly #hidden = new Set<string>();
  #isTooMuch = false;

  /** Gives the secret back. */
  note(secret: string): string {
    const lines = secret.split("\n").filter((line) => line.length >= lineLengthMin);
    for (const text of [secret, ...(secret.includes("\n") ? lines : [])]) {
      if (text === "") continue;
      this.#hidden.add(text);
      // As it stands in a value that is shown.
      this.#hidden.add(JSON.stringify(text).slice(1, -1));
    }
    if (this.#hidden.size > hiddenMax) this.#isTooMuch = true;
    return secret;
  }

  /** The text with every secret taken out. */
  without(text: string): string {
    if (this.#isTooMuch) return "(left out: more secrets than can be looked for)";
    // The longest first: one may be the beginning of another.
    const hidden = [...this.#hidden].toSorted((left, right) => right.length - left.length);
    return hidden.reduce((rest, secret) => rest.replaceAll(secret, inItsPlace), text);
  }
}
