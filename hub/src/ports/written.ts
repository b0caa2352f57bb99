/** Something that goes to disk a group at a time, and that a confirmation waits for. */
export interface Written {
  /**
   * Calls back when everything taken so far is on disk (at once when nothing waits), or cannot be brought there: then
   * what depends on it must not be acknowledged. Calls come back in their order.
   */
  whenWritten(done: (isWritten: boolean) => void): void;
  /** While it stays the same, everything that is taken goes to disk together: to ask once is enough. */
  readonly group: number;
  /** Bytes that wait for the disk. */
  readonly waitingBytes: number;
  /** Changes taken so far: whether there is anything new to wait for. */
  readonly changes: number;
}
