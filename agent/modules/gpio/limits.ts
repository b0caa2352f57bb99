/** Every bound of this module, with its reason and what happens there. */
import { seconds } from "@interactor/shared/sdk/define-module";
import { type DeviceSpans, usualDeviceSpans } from "@interactor/shared/sdk/devices";

/** Lines of one request, by the kernel (GPIO_V2_LINES_MAX). Inputs and outputs are a request each. More: refuse. */
export const linesMax = 64;
/** The highest line of any chip of a Pi, with room for expanders. */
export const lineNumberMax = 511;
/** Chips that are looked at to find the right one. */
export const chipsMax = 32;
/** Longest debounce, in milliseconds. A key that bounces longer is broken. More: refuse the settings. */
export const debounceMillisMax = 1000;
/** Edges the kernel keeps for us while this thread is busy: its own most is 16 a line. More: it drops the oldest. */
export const edgesKept = 1024;
/**
 * How long one wait for edges takes, in milliseconds: a wait cannot be broken off, so a stop takes as long at most.
 * Edges end a wait at once.
 */
export const waitMillis = 100;
/** A line that flutters is given this often in a second. More: report the number, and give the level it ends at. */
export const edgesPerSecondMax = 1000;

/** A chip is there from boot; a line may be held by another program for a while. */
export const spans: DeviceSpans = { ...usualDeviceSpans, lostLongest: seconds(5) };
