/** Every bound of this module, with its reason and what happens there. */
import { millis, seconds } from "@interactor/shared/sdk/define-module";

/** What `lineBytesMax` may be at most: a text value holds 4096 characters, and no character is under a byte. */
export const lineBytesMost = 4096;
/** Outputs of one line of text. More: refuse the settings. */
export const outputsMax = 64;
/** A pattern. Longer: refuse the settings. */
export const patternLengthMax = 500;
/**
 * Steps that matching one line may take in the worst case, about 20 ms on a Pi: the worker is shared, and a
 * regular expression cannot be interrupted. More: refuse the settings.
 */
export const patternStepsMax = 4_000_000;
/** Lines read in one second: a 115200 baud line brings at most 11,520 bytes. More: reject as `too-many`. */
export const linesPerSecondMax = 2000;
/** Bytes that wait for a device which takes none. More: refuse the line. */
export const backlogBytesMax = 8192;

/** Longest wait between attempts to open: a device that is plugged in again shall be back soon. */
export const reopenLongest = seconds(5);
/** A device that held the line this long was well: the next wait starts short again. */
export const steadyAfter = seconds(5);
/** How often an open line is compared with what its path leads to. */
export const presenceInterval = seconds(2);
/** Closing waits for the driver at most this long. */
export const closeLongest = millis(800);
