/** A payload that shows whether it was kept whole: its length and every byte follow from its number. */
export function payloadOf(number: number): Buffer {
  return Buffer.alloc(1 + (number % 500), number % 251);
}
