/** Why something is not believed, as codes. */
import { LengthOrHashMismatchError, UnsignedMetadataError } from "@tufjs/models/dist/error.js";
import { BadVersionError, DownloadError, ExpiredMetadataError } from "tuf-js/dist/error.js";
import { Fault, messageOf } from "@interactor/shared/kernel/fault";

export function refusal(error: unknown): Fault {
  if (error instanceof Fault) return error;
  return new Fault(codeOf(error), messageOf(error), { cause: error });
}

function codeOf(error: unknown): string {
  if (error instanceof ExpiredMetadataError) return "TRUST_EXPIRED";
  if (error instanceof BadVersionError) return "TRUST_ROLLBACK";
  if (error instanceof UnsignedMetadataError) return "TRUST_SIGNATURE";
  if (error instanceof LengthOrHashMismatchError) return "TRUST_MISMATCH";
  if (error instanceof DownloadError) return "TRUST_UNREACHABLE";
  return isSystemError(error) ? "TRUST_DISK" : "TRUST_MALFORMED";
}

const isSystemError = (error: unknown): boolean =>
  error instanceof Error && "syscall" in error && "errno" in error;
