/** Every bound of a kept line, with its reason and what happens there. */
import { millis, seconds } from "@interactor/shared/sdk/define-module";

/** Bytes that wait for a device which takes none. More: refuse what is to be written. */
export const backlogBytesMax = 8192;
/** Longest wait between attempts to open: a device that is plugged in again shall be back soon. */
export const reopenLongest = seconds(5);
/** A device that held the line this long was well: the next wait starts short again. */
export const steadyAfter = seconds(5);
/** How often an open line is compared with what its path leads to. */
export const presenceInterval = seconds(2);
/** Closing waits for the driver at most this long. */
export const closeLongest = millis(800);
