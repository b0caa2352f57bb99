/** Every bound of this module, with its reason and what happens there. */
import { seconds } from "@interactor/shared/sdk/define-module";
import { type DeviceSpans, usualDeviceSpans } from "@interactor/shared/sdk/devices";

/** Outputs and inputs of one instance, each: a note and a controller of every number. More: refuse the settings. */
export const portsMax = 256;
/** Messages that are read in a second. The wire carries 1000; over USB some send more. More: refuse as `too-many`. */
export const messagesPerSecondMax = 5000;
/** How often it is looked whether a port is still there: the system says nothing when it goes. */
export const presenceInterval = seconds(2);

export const spans: DeviceSpans = { ...usualDeviceSpans, lostLongest: seconds(10) };
