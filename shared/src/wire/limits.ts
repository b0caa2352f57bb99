/**
 * Every bound of the wire and of the queues behind it, with its reason and the word for what happens
 * there: evict, expire, refuse or report.
 */
import { millis, seconds } from "../kernel/units.ts";

/** One MQTT payload. Larger: refuse. A full universe is 0.5 KB, the largest birth we expect about 20 KB. */
export const payloadBytesMax = 256 * 1024;
/** Entries in one batch. Past 64 the gain is small and delay grows. */
export const batchEntriesMax = 64;
/**
 * Entries in one batch to a node. A node is done with a whole batch before it looks at what is urgent: at 50 µs an entry
 * that is 1.6 ms. Fewer: eight batches a round trip are too few for 5,000 entries a second over a slow network.
 */
export const nodeBatchEntriesMax = 32;
/** Entries we accept in one batch from others: room to grow without a new version. More: refuse. */
export const batchEntriesAcceptedMax = 1024;
/** Samples in one columns entry. More: refuse. */
export const columnSamplesMax = 4096;
/** A batch is closed before it passes this, so that one lane never holds the link for long. */
export const batchBytesMax = 32 * 1024;
/** One entry, as its queue counts it; text may take three times that on the wire, and the payload must hold. More: refuse. */
export const entryBytesMax = 80 * 1024;
/** Nesting of a CBOR payload: a batch needs 3, a record inside it a few more. Deeper: refuse. */
export const cborDepthMax = 16;
/** Nesting of a value: around it are the batch, its entries and the entry. Deeper: refuse. */
export const valueDepthMax = cborDepthMax - 3;
/** Items in one CBOR payload, so that decoding time is bounded. More: refuse. */
export const cborItemsMax = 100_000;

/** A name of a site, zone, node, instance, input or output: the length of a DNS label. Longer: refuse. */
export const nameLengthMax = 63;
/** Who asks, in words for people. Longer: cut, because a stop is never refused for the name of who pressed it. */
export const byLengthMax = 64;
/** A text value. Longer: refuse. */
export const textLengthMax = 4096;

/**
 * Publishes on their way to one peer that it has not yet confirmed, of a lane and those more urgent. Measured: 8 keeps
 * critical under 10 ms.
 */
export const windowPublishes = 8;
/** The same bound in bytes: a slow link must not hide a second of data in socket buffers. */
export const windowBytes = 64 * 1024;
/** After a pause a lane sends at once; under load it gathers this long. */
export const batchGap = millis(5);
/** The same towards a node: what the hub routes has been gathered by its commit, and does not wait for that long again. */
export const nodeBatchGap = millis(2);

/** Entries an outbox holds in all its lanes. More: evict the oldest of the lowest lane. */
export const queueMessagesMax = 10_000;
/** The same bound in bytes. */
export const queueBytesMax = 4 * 1024 * 1024;
/**
 * Entries the hub holds for one node: 10,000 events a second for as long as they live unless somebody says otherwise,
 * and room for what is urgent. More: evict the oldest of the lowest lane.
 */
export const nodeQueueMessagesMax = 60_000;
/** The same bound in bytes. */
export const nodeQueueBytesMax = 8 * 1024 * 1024;
/** What the hub holds for all nodes together: of its memory about three times that. More: who adds to it evicts of its own. */
export const nodeQueuesBytesMax = 64 * 1024 * 1024;
/** A node's queue has so much whatever the others hold, so that who is well does not pay for who is not. */
export const nodeQueueOwnBytes = 256 * 1024;

/** How long an entry may wait when its route or command does not say. Older: expire. */
export const ttlDefault = seconds(5);
/** The longest TTL and the longest manual override. More: refuse. */
export const durationMax = seconds(24 * 3600);
/** How long a manual value holds when nobody says. */
export const manualDefault = seconds(10);

/** A question for the hub's clock, or its answer, that waits longer tells nothing of worth. Older: expire. */
export const clockExchangeTtl = seconds(2);

/** MQTT keepalive. The broker cuts after 1.5 times this, so a silent agent is lost within 3 s. */
export const keepaliveSeconds = 2;
/** The shortest lease on the hub's life. The hub is heard every 2 s, and one word may be late. Shorter: refuse. */
export const leaseMin = seconds(5);
/** A connection attempt that takes longer has failed. */
export const connectTimeout = seconds(5);

/** A public value is published at most this often per output; the last one always is. */
export const feedInterval = millis(50);
/**
 * A value of which the last one is kept, for those who come later: a full universe has 0.5 KB, a text at most 4 KB,
 * a small picture 30 KB. Larger: refuse to keep; it goes to those who are there.
 */
export const keptValueBytesMax = 32 * 1024;
/** Values of one node that are kept: eight universes, channel by channel, and as much again. More: refuse to keep. */
export const keptValuesOfNodeMax = 8192;
/** The same in bytes, with what each costs beside them: twice what eight universes take. More: refuse to keep. */
export const keptBytesOfNodeMax = 4 * 1024 * 1024;
/**
 * Values of all nodes that are kept: a thousand nodes with a hundred each. More: refuse to keep those that a node has
 * beyond its thousandth part, so that none is without its own and there are never more than twice as many.
 */
export const keptValuesMax = 100_000;
/** The same in bytes; about as much memory, twice: to be read, and for routes that come. More: refuse to keep. */
export const keptBytesMax = 64 * 1000 * 1024;
/** What an actuator input holds is echoed to the hub at most this often. */
export const echoInterval = millis(100);
/** Sessions of one node whose numbers a hub remembers: its present life, those before, its spool. More: evict. */
export const sessionsPerNodeMax = 4;
/** Nodes a hub knows. More: of those that are lost or stopped the longest gone is evicted; are all here, refuse the connection. */
export const nodesMax = 1000;
/** Problems a node or a hub tells of. More: refuse. */
export const problemsMax = 20;
/** Zones one node is in: they nest, a room in a floor in a building. More: refuse. */
export const zonesPerNodeMax = 16;
/** Latches that hold one zone, a press each. More: the oldest is evicted; the others hold. */
export const stopLatchesMax = 16;
/**
 * Zones that have a stop or a release to their name. More: the one that was let go longest ago is evicted; when all of
 * them are stopped, a stop of one more is refused, for the whole site can still be stopped.
 */
export const stopZonesMax = 256;
/** Released latches that the hub remembers for nodes that were away. More: evict, and a node that kept one is still stopped. */
export const stopReleasedMax = 128;
/** Instances on one node. */
export const instancesMax = 64;
/** Ports of one instance (a counted port is one). */
export const portsMax = 1024;
/** Ports a counted port may stand for: the slots of a universe. */
export const portCountMax = 512;
/** Routes of a site. More: refuse. */
export const routesMax = 5000;
/** Scenes of a site. More: refuse. */
export const scenesMax = 500;
/** Steps of one route between its output and its input. More: refuse. */
export const operatorsMax = 8;
/** The shortest span of an operator: a timer knows no shorter one. Shorter: refuse. */
export const operatorSpanMin = millis(1);
/** Windows and delays of a site, which alone remember many values: 36 MB when all of them are full. More: refuse. */
export const rememberingOperatorsMax = 1000;
/** Readings that one window tells apart. More: those of one such part of its span are put together, and leave together. */
export const windowReadingsMax = 512;
/** Values that wait in one delay: 50 a second for ten seconds. More: evict the oldest. */
export const delayedValuesMax = 512;
/** The same in bytes. */
export const delayedBytesMax = 32 * 1024;
/** An expression. Longer: refuse. */
export const expressionLengthMax = 2000;
/** Kinds of losses a ledger names for one lane. They are ours; this bounds what a peer may say. More: refuse. */
export const lossKindsMax = 32;
/** Sessions a node tells of that ended without a word. More: the two oldest are told as one. */
export const sessionsBeforeMax = 8;
/** A node's plan: 5,000 routes of 500 bytes, and as much for settings and inputs. Larger: refuse. */
export const planBytesMax = 8 * 1024 * 1024;
/** Items in it: 5,000 routes of 20, 64 instances with a full universe each of 8. More: refuse. */
export const planItemsMax = 1_000_000;
/** How deep settings stand in it, and in a site as it is kept: a statechart has many levels. Deeper: refuse. */
export const planDepthMax = 72;
/** Files a plan names: a bundle an instance, and an asset for each of a few hundred cues. More: refuse. */
export const planFilesMax = 1024;
/** One file of a plan: a film for a screen. Larger: refuse. */
export const bundleBytesMax = 4 * 1024 * 1024 * 1024;
/** What a node asks of a file at once: over a slow line, 16 ms in which nothing else comes. */
export const pieceBytes = 4 * 1024;
/** The most a hub gives at once, so that a line stays free for what is urgent. More: refuse. */
export const pieceBytesMax = 16 * 1024;
/** Of a digest, as much as tells a damaged piece from a whole one. Who wants to deceive is found out by the whole digest. */
export const pieceSumBytes = 8;
/** A piece of a profile: one is on its way at a time, so that a line stays free for what is urgent. */
export const profilePieceBytes = 8 * 1024;
/** A profile as gzip has it: it is in a node's memory, and in the hub's. More: refuse. */
export const profileBytesMax = 8 * 1024 * 1024;
/** Over which a profile is made, in ms. More: refuse. */
export const profileSpanMax = 60_000;
