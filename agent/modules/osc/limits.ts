/** Every bound of this module, with its reason and what happens there. */
import { seconds } from "@interactor/shared/sdk/define-module";
import type { DeviceSpans } from "@interactor/shared/sdk/devices";
import { usualDeviceSpans } from "@interactor/shared/sdk/devices";

/** Outputs and inputs of one instance, each. More: refuse the settings. */
export const portsMax = 128;
/** An address, in the settings and in a message. Longer: refuse. */
export const addressLengthMax = 255;
/** Arguments of one message. More: refuse the message. */
export const argumentsMax = 64;
/** Bundles inside each other: controllers send one, and recursion needs an end. More: refuse the packet. */
export const bundleDepthMax = 4;
/** Messages of one packet, over all its bundles. More: refuse the packet. */
export const messagesOfPacketMax = 256;
/** A packet that is sent. A text or blob of an input must fit. Longer: refuse the value. */
export const packetBytesMax = 8192;
/** Messages that are read in a second; a desk with a hundred faders at 60 Hz stays below. More: refuse as `too-many`. */
export const messagesPerSecondMax = 10_000;
/**
 * Address patterns (with `*`, `?`, `[]` or `{}`) that are compared in a second: each is compared with every output's
 * address. More: refuse as `too-many`. One that came before is known and free.
 */
export const patternsPerSecondMax = 100;
/** Patterns whose outputs are remembered. More: evict the oldest. */
export const patternsKept = 64;
/** A pattern that comes with a message. Longer: refuse. */
export const patternLengthMax = 128;
/** Addresses that are sent to, and that are listened to. More: refuse the settings. */
export const addressesMax = 16;
/** Packets that the system has taken and not sent. More: refuse the value. */
export const unsentMax = 256;

/** A socket opens or fails at once, and says nothing of itself later. */
export const spans: DeviceSpans = {
  ...usualDeviceSpans,
  // A port that another program holds, or an interface that comes late, shall be in use soon after.
  lostLongest: seconds(5),
};
