/** What a spool holds itself to, in memory and on disk. */

/** Records of this life kept in memory although they are on disk, so that they need not be read back. */
export const tailBytes = 512 * 1024;
/** Records held in memory while the disk takes none. More: evict the oldest. */
export const heldBytesMax = 4 * 1024 * 1024;
/** Of the age that is kept, so much lies between the records of a segment: they expire together, the young ones early. */
export const segmentAgeShare = 1 / 64;
/** Written at once. */
export const groupLimits = { messagesMax: 10_000, bytesMax: 1024 * 1024 };
/** Files of a spool, when an agent is restarted over and over without its hub. More: evict the oldest. */
export const segmentsMax = 4096;
