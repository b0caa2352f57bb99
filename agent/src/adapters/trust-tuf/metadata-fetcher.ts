/** Gives the updater what it asks for, from whatever source there is, and never more than it may take. */
import { DownloadHTTPError } from "tuf-js/dist/error.js";
import type { Fetcher } from "tuf-js";
import { documentBytesMax } from "@interactor/shared/bundle/document-bytes";
import { Fault, messageOf } from "@interactor/shared/kernel/fault";
import type { TrustFile, TrustSource } from "../../ports/trust.ts";

/** Only what comes after it is told to the source. */
export const metadataAddress = "trust://hub/metadata/";

export class MetadataFetcher implements Fetcher {
  readonly #source: TrustSource;
  readonly #refused: (error: unknown) => void;
  signal: AbortSignal;

  constructor(source: TrustSource, signal: AbortSignal, refused: (error: unknown) => void) {
    this.#source = source;
    this.signal = signal;
    this.#refused = refused;
  }

  async downloadBytes(address: string, bytesMax: number): Promise<Buffer> {
    const path = address.slice(metadataAddress.length);
    try {
      const most = Math.min(bytesMax, documentBytesMax[roleOf(path)]);
      return await readAll(this.#source, { kind: "metadata", path }, most, this.signal);
    } catch (error) {
      // The updater goes from root to root until it is told that there is none: no reason of whatever fails later.
      if (!isMissing(error) || roleOf(path) !== "root") this.#refused(error);
      if (isMissing(error)) throw new DownloadHTTPError(messageOf(error), 404);
      throw error;
    }
  }

  downloadFile<Result>(): Promise<Result> {
    return Promise.reject(new Error("files are not fetched by the updater"));
  }
}

/** Of `7.acme.json`: what a publisher says is of the kind of `targets`. */
function roleOf(path: string): keyof typeof documentBytesMax {
  const [, name] = /^(?:\d+\.)?(root|timestamp|snapshot)\.json$/.exec(path) ?? [];
  return name === "root" || name === "timestamp" || name === "snapshot" ? name : "targets";
}

const isMissing = (error: unknown): boolean => error instanceof Fault && error.code === "TRUST_FILE_MISSING";

/** All bytes of a file that should have at most so many. */
export async function readAll(
  source: TrustSource,
  file: TrustFile,
  bytesMax: number,
  signal: AbortSignal,
): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of pieceOf(source, file, signal)) {
    bytes += piece.length;
    if (bytes > bytesMax)
      throw new Fault("TRUST_TOO_LONG", `${file.path} has more than the ${bytesMax} bytes it may have`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

/** Whatever goes wrong on the way is the way's fault, and has one code. */
async function* pieceOf(
  source: TrustSource,
  file: TrustFile,
  signal: AbortSignal,
): AsyncIterable<Uint8Array> {
  try {
    for await (const piece of source.fetch(file, signal)) {
      signal.throwIfAborted();
      yield piece;
    }
  } catch (error) {
    if (isMissing(error)) throw error;
    throw new Fault("TRUST_UNREACHABLE", `${file.path} cannot be fetched: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
