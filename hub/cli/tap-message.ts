/** One message of a tap: decoded as far as it can be, and as a line for people or for programs. */
import type { NodesResponse } from "@interactor/shared/wire/api";
import { dimmedWords, lookWords, readMonitor } from "@interactor/shared/site/fixtures/universe-monitor";
import { decodeCbor } from "@interactor/shared/wire/cbor";
import { entryFlag, type Quality, quality } from "@interactor/shared/wire/entry";
import { findPort } from "@interactor/shared/wire/messages/port";
import { decodePublicValue } from "@interactor/shared/wire/messages/public-value";
import { siteAddress, type SiteAddress } from "@interactor/shared/wire/names";
import { parseTopic } from "@interactor/shared/wire/topics";
import type { Value } from "@interactor/shared/wire/value";
import type { Arrived } from "./mqtt-session.ts";
import {
  formatBytes,
  formatClock,
  formatValue,
  type Painter,
  printable,
  qualityWord,
  toJson,
} from "./output.ts";

export type TapMessage =
  | {
      readonly kind: "value";
      readonly address: SiteAddress;
      /** When it was measured. */
      readonly at: Date;
      readonly value: Value;
      readonly quality: Quality;
      readonly isClockSet: boolean;
      readonly isRetained: boolean;
    }
  /** A document of ours on another topic. */
  | {
      readonly kind: "document";
      readonly topic: string;
      readonly at: Date;
      readonly document: unknown;
      readonly isRetained: boolean;
    }
  /** Nothing is kept on the topic any more. */
  | { readonly kind: "gone"; readonly topic: string; readonly at: Date; readonly isRetained: boolean }
  | {
      readonly kind: "undecodable";
      readonly topic: string;
      readonly at: Date;
      readonly payload: Uint8Array;
      readonly reason: string;
      readonly isRetained: boolean;
    };

/** `now` stands for the time of what carries none. */
export function readMessage({ topic, payload, isRetained }: Arrived, site: string, now: Date): TapMessage {
  if (payload.length === 0) return { kind: "gone", topic, at: now, isRetained };
  const parsed = parseTopic(topic);
  if ((parsed?.kind === "value" || parsed?.kind === "raw") && parsed.site === site) {
    const decoded = decodePublicValue(payload);
    if (!decoded.ok)
      return { kind: "undecodable", topic, at: now, payload, reason: decoded.error, isRetained };
    const { value, flags } = decoded.value;
    return {
      kind: "value",
      address: parsed.address,
      at: new Date(decoded.value.at / 1000),
      value,
      quality: decoded.value.quality,
      isClockSet: (flags & entryFlag.clockUnsynchronised) === 0,
      isRetained,
    };
  }
  const decoded = decodeCbor(payload);
  if (!decoded.ok) return { kind: "undecodable", topic, at: now, payload, reason: decoded.error, isRetained };
  return { kind: "document", topic, at: now, document: decoded.value, isRetained };
}

/** Units by address, for the lines; a port that came later has none. */
export type Units = (address: SiteAddress) => string;

export function unitsOf(site: NodesResponse): Units {
  return ({ node, instance, port }) => {
    const declared = site.nodes.find((each) => each.node === node)?.instances[instance];
    if (declared === undefined) return "";
    const unit = (findPort(declared.outputs, port) ?? findPort(declared.inputs, port))?.unit;
    // UCUM's "1" says that there is none.
    return unit === undefined || unit === "1" ? "" : unit;
  };
}

export function messageLine(message: TapMessage, units: Units, painter: Painter): string {
  const clock = painter.faint(formatClock(message.at));
  switch (message.kind) {
    case "value": {
      const unit = units(message.address);
      const value = `${monitorWords(message.value) ?? formatValue(message.value)}${unit === "" ? "" : ` ${printable(unit)}`}`;
      const doubts = [
        ...(message.quality === quality.good ? [] : [painter.warn(`(${qualityWord(message.quality)})`)]),
        ...(message.isClockSet ? [] : [painter.warn("(clock not set)")]),
      ];
      return [clock, siteAddress(message.address), value, ...doubts].join("  ");
    }
    case "document":
      return [clock, printable(message.topic), printable(JSON.stringify(toJson(message.document)))].join(
        "  ",
      );
    case "gone":
      return [clock, printable(message.topic), painter.faint("(gone)")].join("  ");
    case "undecodable": {
      const reason = painter.bad(`(not decodable: ${message.reason})`);
      return [clock, printable(message.topic), formatBytes(message.payload), reason].join("  ");
    }
  }
}

/** Channel levels that a line shows of one source. */
const levelsShown = 12;

/** A record with the look of a universe is two kilobytes of base64 otherwise. */
function monitorWords(value: Value): string | undefined {
  const monitor = readMonitor(value);
  if (monitor === undefined) return undefined;
  const lit = monitor.levels.reduce((count, level) => count + (level > 0 ? 1 : 0), 0);
  const number = monitor.universe === undefined ? "" : `universe ${monitor.universe}, `;
  return printable(
    [
      ...dimmedWords(monitor),
      `${number}${lit} of ${monitor.levels.length} lit`,
      ...lookWords(monitor, levelsShown),
    ].join(" · "),
  );
}

export function messageJson(message: TapMessage): string {
  const at = Number.isNaN(message.at.getTime()) ? null : message.at.toISOString();
  switch (message.kind) {
    case "value": {
      const { address, value, isRetained, isClockSet } = message;
      const words = { quality: qualityWord(message.quality), clock_set: isClockSet, retained: isRetained };
      return JSON.stringify({ at, address: siteAddress(address), value: toJson(value), ...words });
    }
    case "document":
      return JSON.stringify({
        at,
        topic: message.topic,
        document: toJson(message.document),
        retained: message.isRetained,
      });
    case "gone":
      return JSON.stringify({ at, topic: message.topic, gone: true, retained: message.isRetained });
    case "undecodable": {
      const { topic, payload, reason, isRetained } = message;
      return JSON.stringify({
        at,
        topic,
        undecodable: reason,
        payload: toJson(payload),
        retained: isRetained,
      });
    }
  }
}
