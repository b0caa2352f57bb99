/** The few things that are done to files that must outlast a power cut, which can fall behind each of them. */
export interface Disk {
  makeFolder(path: string): Promise<void>;
  /** Writes at a place; makes the file if need be. Not safe from a power cut until it is synced. */
  write(path: string, bytes: Uint8Array, at: number): Promise<void>;
  sync(path: string): Promise<void>;
  /** Names appear, change and go for good only with this. */
  syncFolder(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  read(path: string): Promise<Uint8Array | undefined>;
  pieces(path: string): AsyncIterable<Uint8Array>;
  sizeOf(path: string): Promise<number | undefined>;
  list(folder: string): Promise<readonly string[]>;
}
