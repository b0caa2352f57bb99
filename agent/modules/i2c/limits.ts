/** Every bound of this module, with its reason and what happens there. */
import { millis, seconds } from "@interactor/shared/sdk/define-module";
import { type DeviceSpans, usualDeviceSpans } from "@interactor/shared/sdk/devices";

/** What one transfer moves: SMBus has no more in a block. */
export const blockBytesMax = 32;
/** Shortest and longest time between two measurements, in seconds. */
export const everyMin = 0.005;
export const everyMax = 3600;
/** Waits of one measurement; a chip that is never ready is broken. More: report it as failed. */
export const stepsMax = 64;
/** Measurements that may fail in a row: noise on a long cable is usual. More: the chip is lost, and set up anew. */
export const failuresMax = 3;

/** A chip answers within a millisecond, or not at all. */
export const spans: DeviceSpans = {
  ...usualDeviceSpans,
  openingMax: seconds(5),
  handshakeMax: seconds(5),
  lostLongest: seconds(10),
};

/** A measurement that is late starts at once, but lets others of the bus have their turn. */
export const breather = millis(1);
