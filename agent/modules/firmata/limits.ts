/** Every bound of this module, with its reason and what happens there. */
import { millis, seconds } from "@interactor/shared/sdk/define-module";
import { type DeviceSpans, usualDeviceSpans } from "@interactor/shared/sdk/devices";

/** Ports of one board, each way. A Mega has 70 pins. More: refuse the settings. */
export const portsMax = 70;
/** How often a value is asked for, in milliseconds, least and most. The line carries a hundred readings a second. */
export const freqMin = 10;
export const freqMax = 60_000;
/** Pulses for a servo as settings may have them, in microseconds: some servos know them. Outside: refuse the settings. */
export const pulseWrittenLeast = 300;
export const pulseWrittenMost = 3000;
/** What any servo takes, and what our firmware gives. Beyond: the servo goes as far as this, and that is said. */
export const pulseLeast = 500;
export const pulseMost = 2500;
/** A shorter one is taken for degrees by StandardFirmata, and by ours before `pulsesSince`. */
export const pulseLeastElsewhere = 544;
/**
 * In milliseconds. A port of a board that is set up pin by pin tells levels of pins whose resistors are not there yet, and
 * all of them within 10 ms: until then no contact is believed.
 */
export const contactSettle = 50;
/** Values that a board gives in a second; a pin that floats must not fill the node. More: refuse, and count. */
export const valuesPerSecondMax = 500;
/** Messages to a board's process that it has not taken. More: refuse the value. */
export const unsentMax = 100;
/** How often is looked whether a board's process has said anything: it does with every answer of its board. */
export const processLookEvery = seconds(1);
/** Looks in a row that met silence. More: report it as failed, and it is ended. A busy node may keep it waiting. */
export const silentLooksMax = 4;
/** A board that has been told to end is given so long, then its process is killed. */
export const endMax = millis(1500);
/** Silence after which our firmware turns its outputs off, once asked to guard them. */
export const guardMax = millis(1000);
/** How often a board is asked whether it is there: often enough to be heard within `guardMax` when one byte is lost. */
export const questionEvery = millis(250);
/**
 * Questions in a row without an answer. More: report it as failed. So a board that heard nothing for `guardMax`, and has
 * turned its outputs off, is never taken for one that was set up.
 */
export const unansweredMax = 3;

/** A system message of a board; that of a Mega which names all its pins has 1.5 KB. Longer: refuse it, as damage. */
export const sysexBytesMax = 4096;
/**
 * Messages between two answers that came damaged, and were left out: a plug that was touched. More: report it as failed,
 * because what still looks whole may not be.
 */
export const damagedMax = 3;

/** How often a chip on a board's bus is looked after; it is read every 19 ms. */
export const chipLookEvery = millis(250);
/** Answers in a row that a chip leaves out. More: report it, and what it gave is stale. */
export const chipMissesMax = 3;
/** Answers in a row after which a chip that was woken is believed again: it needs 30 ms to measure. */
export const chipAnswersMin = 5;
/** Opening restarts most boards, whose bootloader waits for two seconds before it begins; then it names its pins. */
export const spans: DeviceSpans = {
  ...usualDeviceSpans,
  openingMax: seconds(15),
  handshakeMax: seconds(20),
  lostLongest: seconds(10),
};
