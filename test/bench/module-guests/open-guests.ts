/** Guests that run, whatever they are made of, and how they are measured. */

export interface OpenGuests extends AsyncDisposable {
  /** From the first one's start until all were there. */
  readonly readyMs: number;
  /** The processes they are in. */
  readonly pids: readonly number[];
  /** A message to one of them and back. */
  trip(value: number): Promise<void>;
}
