/** Every bound of this module, with its reason and what happens there. */
import { type DeviceSpans, usualDeviceSpans } from "@interactor/shared/sdk/devices";
import { millis, seconds } from "@interactor/shared/sdk/define-module";

/** As many as no board has channels. More: refuse the settings. */
export const portsMax = 32;
/** Channels that a board may describe. More: it fails. */
export const channelsMax = 64;
/** Of the protocol, in milliseconds. Outside: refuse the settings. */
export const periodMillisLeast = 5;
export const periodMillisMost = 60_000;
export const guardMillisLeast = 100;
export const guardMillisMost = 10_000;

/** An answer takes 2 ms. Later: the request is sent again. */
export const answerLongest = millis(200);
/** So often in all. Then: report the device as failed. */
export const sendsMax = 4;
/** The first answer may take longer: a board that was reset by being opened sits in its bootloader for a second. */
export const helloPause = millis(250);
/**
 * Opening the line resets an Arduino Mega, whose bootloader takes a byte that comes in its first second for the beginning
 * of a new program, and waits for 8 s for more of it. A board that said nothing although it was asked at once, for so
 * long, is not spoken to at first the next time.
 */
export const muteLongest = seconds(4);
export const listenFirst = seconds(2);
/** Nothing heard from a board that is asked often: it works badly, then it has failed. */
export const silenceWorrying = millis(400);
export const silenceLongest = millis(900);

/** One that is plugged in again shall be back soon; one that fails always is still tried twice a minute. */
export const spans: DeviceSpans = { ...usualDeviceSpans, handshakeMax: seconds(5), lostLongest: seconds(30) };
