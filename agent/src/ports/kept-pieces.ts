/**
 * Pieces of a file that came before those in front of them, so that a process that ends in between need not ask for them
 * again. What is in order lies with its receiver.
 */
export interface KeptPieces {
  /** By their place. What is damaged is not among them. */
  load(digest: string): Promise<ReadonlyMap<number, Uint8Array>>;
  /** Never fails: what cannot be kept is asked again. */
  keep(digest: string, at: number, data: Uint8Array): Promise<void>;
  forget(digest: string): Promise<void>;
}
