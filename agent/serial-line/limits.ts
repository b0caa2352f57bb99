/** Every bound of a kept line, with its reason and what happens there. */
import { millis, seconds } from "@interactor/shared/sdk/define-module";
import { type DeviceSpans, usualDeviceSpans } from "@interactor/shared/sdk/devices";

/** Bytes that wait for a device which takes none. More: refuse what is to be written. */
export const backlogBytesMax = 8192;
/** How often an open line is compared with what its path leads to: one that went without a word is lost within a second. */
export const presenceInterval = millis(500);
/** Closing waits for the driver at most this long. */
export const closeLongest = millis(800);

/** What is plugged in again shall be back soon, and what fails always is still tried six times a minute. */
export const lineSpans: DeviceSpans = {
  ...usualDeviceSpans,
  handshakeMax: seconds(5),
  degradedMax: seconds(4),
  lostLongest: seconds(10),
};
