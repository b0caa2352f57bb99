/** Every bound of this module, with its reason and what happens there. */
import { seconds } from "@interactor/shared/sdk/define-module";

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
/** A self-test waits so long for a line that can be read. Longer: the device is a quiet one, which is no fault. */
export const listeningLongest = seconds(5);
/** Lines without a reading: a board's greeting has fewer. So many and none that can be read: the self-test reports. */
export const unreadableMax = 5;
