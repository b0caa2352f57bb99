/** The `limits` of a listeners file: every bound of the broker by its name, each within what is sane. */
import * as z from "zod";
import { parseDuration } from "@interactor/shared/kernel/duration";
import { type Millis, seconds } from "@interactor/shared/kernel/units";
import { type BrokerLimits, brokerLimits } from "../ports/broker.ts";

const mebibyte = 1024 * 1024;
const minutes = (value: number): Millis => seconds(value * 60);
const days = (value: number): Millis => minutes(value * 24 * 60);

/** An agent asks for six topics at once: with fewer allowed no node could come in. */
const subscriptionsOfAgent = 8;

/** Whole numbers; what is left out is as in every hub. */
function count(name: keyof BrokerLimits, max: number, min = 1) {
  const words = `a whole number from ${min} to ${max}`;
  return z.int(words).min(min, words).max(max, words).default(brokerLimits[name]);
}

type SpanName = {
  [Name in keyof BrokerLimits]: BrokerLimits[Name] extends Millis ? Name : never;
}[keyof BrokerLimits];

function span(name: SpanName, max: Millis, maxWords: string) {
  const words = `a duration with its unit, such as 500ms, 5s or 1m, and at most ${maxWords}`;
  return z
    .string(words)
    .transform((text, context): Millis => {
      const parsed = parseDuration(text);
      if (parsed.ok && parsed.value > 0 && parsed.value <= max) return parsed.value;
      context.addIssue(words);
      return z.NEVER;
    })
    .default(brokerLimits[name]);
}

/**
 * The upper ends: what MQTT itself cannot exceed (65,535 bytes of topic, 256 MB of packet), and beyond that what
 * a machine with a few gigabytes can hold.
 */
export const limitsSchema = z.strictObject(
  {
    connectionsMax: count("connectionsMax", 100_000),
    connectionsPerAddressMax: count("connectionsPerAddressMax", 100_000),
    pendingMax: count("pendingMax", 100_000),
    connectTimeout: span("connectTimeout", minutes(1), "1m"),
    // Five fields of 65,535 bytes, and the rest.
    connectBytesMax: count("connectBytesMax", 330_000),
    packetBytesMax: count("packetBytesMax", 256 * mebibyte - 1),
    unfinishedBytesMax: count("unfinishedBytesMax", 1024 * mebibyte),
    heldBytesMax: count("heldBytesMax", 1024 * mebibyte),
    unfinishedAgeMax: span("unfinishedAgeMax", minutes(60), "1h"),
    packetsPerSecondMax: count("packetsPerSecondMax", 10_000_000),
    bytesPerSecondMax: count("bytesPerSecondMax", 4096 * mebibyte),
    topicLevelsMax: count("topicLevelsMax", 1000),
    topicBytesMax: count("topicBytesMax", 65_535),
    subscriptionsPerClientMax: count("subscriptionsPerClientMax", 1_000_000, subscriptionsOfAgent),
    subscriptionsMax: count("subscriptionsMax", 10_000_000),
    subscriptionLevelsMax: count("subscriptionLevelsMax", 100_000_000),
    retainedMax: count("retainedMax", 10_000_000),
    retainedBytesMax: count("retainedBytesMax", 4096 * mebibyte),
    retainedPerClientMax: count("retainedPerClientMax", 10_000_000),
    retainedBytesPerClientMax: count("retainedBytesPerClientMax", 4096 * mebibyte),
    retainedAgeMax: span("retainedAgeMax", days(365), "8760h"),
    // Packet identifiers are 16 bits wide.
    incomingQos2Max: count("incomingQos2Max", 65_535),
    outgoingBytesMax: count("outgoingBytesMax", 1024 * mebibyte),
    outgoingTotalMax: count("outgoingTotalMax", 4096 * mebibyte),
    outgoingAgeMax: span("outgoingAgeMax", minutes(60), "1h"),
    sessionsMax: count("sessionsMax", 1_000_000),
    sessionAgeMax: span("sessionAgeMax", days(365), "8760h"),
    sessionMessagesMax: count("sessionMessagesMax", 10_000_000),
    sessionBytesMax: count("sessionBytesMax", 4096 * mebibyte),
    storeWaitingMax: count("storeWaitingMax", 4096 * mebibyte),
    // Packet identifiers are 16 bits wide.
    unwrittenAnswersMax: count("unwrittenAnswersMax", 65_535),
    unwrittenBytesMax: count("unwrittenBytesMax", 4096 * mebibyte),
    inFlightMax: count("inFlightMax", 65_535),
  },
  "a map of names of limits and their values",
) satisfies z.ZodType<BrokerLimits>;
