/**
 * What the kernel's GPIO character device takes and gives, version 2 of its interface (linux/gpio.h, since 5.10), as
 * bytes. Pure. Little-endian, and the same on 32 and 64 bit: the structures were laid out for that.
 */
import { edgesKept } from "./limits.ts";

export const requests = {
  /** GPIO_GET_CHIPINFO_IOCTL */
  chipInfo: 0x8044_b401,
  /** GPIO_V2_GET_LINE_IOCTL */
  lines: 0xc250_b407,
  /** GPIO_V2_LINE_SET_VALUES_IOCTL */
  setValues: 0xc010_b40f,
  /** GPIO_V2_LINE_GET_VALUES_IOCTL */
  getValues: 0xc010_b40e,
} as const;

const flags = {
  activeLow: 1n << 1n,
  input: 1n << 2n,
  output: 1n << 3n,
  rising: 1n << 4n,
  falling: 1n << 5n,
  openDrain: 1n << 6n,
  pullUp: 1n << 8n,
  pullDown: 1n << 9n,
  noPull: 1n << 10n,
} as const;

export type Pull = "up" | "down" | "none" | "as-is";

export interface InputLine {
  readonly offset: number;
  readonly pull: Pull;
  readonly isActiveLow: boolean;
  /** 0: none. */
  readonly debounceMicros: number;
}

export interface OutputLine {
  readonly offset: number;
  readonly isActiveLow: boolean;
  readonly isOpenDrain: boolean;
  /** What it is set to with the request itself, so that it never shows another level in between. */
  readonly first: boolean;
}

const nameBytes = 32;
const chipInfoBytes = 0x44;

export const emptyChipInfo = (): Uint8Array => new Uint8Array(chipInfoBytes);

export interface ChipInfo {
  /** `gpiochip0`: which number a chip has changes from kernel to kernel. */
  readonly name: string;
  /** `pinctrl-rp1`: which chip it is. */
  readonly label: string;
  readonly lines: number;
}

export function decodeChipInfo(bytes: Uint8Array): ChipInfo {
  return {
    name: textAt(bytes, 0),
    label: textAt(bytes, nameBytes),
    lines: viewOf(bytes).getUint32(2 * nameBytes, true),
  };
}

/** struct gpio_v2_line_request */
const place = {
  consumer: 0x100,
  flags: 0x120,
  attributeCount: 0x128,
  attributes: 0x140,
  lineCount: 0x230,
  bufferSize: 0x234,
  descriptor: 0x24c,
} as const;
const requestBytes = 0x250;
const attributeBytes = 0x18;
/** The kernel takes ten attributes. */
const attributesMax = 10;
const attributeIds = { flags: 1, values: 2, debounce: 3 } as const;

interface Attribute {
  readonly id: number;
  readonly value: bigint;
  /** Bit n: the n-th line of the request. */
  readonly mask: bigint;
}

/** Fails (`undefined`) when the lines differ in more ways than one request can say. */
export function encodeInputRequest(lines: readonly InputLine[], consumer: string): Uint8Array | undefined {
  const perLine = lines.map(
    ({ pull, isActiveLow }) =>
      flags.input |
      flags.rising |
      flags.falling |
      (isActiveLow ? flags.activeLow : 0n) |
      (pull === "up" ? flags.pullUp : pull === "down" ? flags.pullDown : pull === "none" ? flags.noPull : 0n),
  );
  const debounces = grouped(lines.map(({ debounceMicros }) => BigInt(debounceMicros)));
  const attributes = [...debounces]
    .filter(([micros]) => micros > 0n)
    .map(([value, mask]) => ({ id: attributeIds.debounce, value, mask }));
  return encodeRequest({ offsets: lines.map(({ offset }) => offset), perLine, attributes, consumer });
}

export function encodeOutputRequest(lines: readonly OutputLine[], consumer: string): Uint8Array | undefined {
  const perLine = lines.map(
    ({ isActiveLow, isOpenDrain }) =>
      flags.output | (isActiveLow ? flags.activeLow : 0n) | (isOpenDrain ? flags.openDrain : 0n),
  );
  const values = bitsOf(lines.map(({ first }) => first));
  const attributes = [{ id: attributeIds.values, value: values, mask: maskOf(lines.length) }];
  return encodeRequest({ offsets: lines.map(({ offset }) => offset), perLine, attributes, consumer });
}

interface Request {
  readonly offsets: readonly number[];
  readonly perLine: readonly bigint[];
  readonly attributes: readonly Attribute[];
  readonly consumer: string;
}

function encodeRequest({ offsets, perLine, attributes, consumer }: Request): Uint8Array | undefined {
  const [common = 0n] = perLine;
  const differing = [...grouped(perLine)].filter(([value]) => value !== common);
  const all = [...attributes, ...differing.map(([value, mask]) => ({ id: attributeIds.flags, value, mask }))];
  if (all.length > attributesMax) return undefined;
  const bytes = new Uint8Array(requestBytes);
  const view = viewOf(bytes);
  for (const [index, offset] of offsets.entries()) view.setUint32(4 * index, offset, true);
  // The last byte stays 0: it ends the text.
  new TextEncoder().encodeInto(consumer, bytes.subarray(place.consumer, place.consumer + nameBytes - 1));
  view.setBigUint64(place.flags, common, true);
  view.setUint32(place.attributeCount, all.length, true);
  for (const [index, { id, value, mask }] of all.entries()) {
    const at = place.attributes + index * attributeBytes;
    view.setUint32(at, id, true);
    view.setBigUint64(at + 8, value, true);
    view.setBigUint64(at + 16, mask, true);
  }
  view.setUint32(place.lineCount, offsets.length, true);
  view.setUint32(place.bufferSize, edgesKept, true);
  return bytes;
}

/** The descriptor of the lines, once the kernel has filled the request in. */
export const descriptorOf = (request: Uint8Array): number => viewOf(request).getInt32(place.descriptor, true);

/** struct gpio_v2_line_values: levels of the lines that `mask` names. */
export function encodeValues(values: readonly boolean[], mask = maskOf(values.length)): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = viewOf(bytes);
  view.setBigUint64(0, bitsOf(values), true);
  view.setBigUint64(8, mask, true);
  return bytes;
}

export function decodeValues(bytes: Uint8Array, count: number): readonly boolean[] {
  const bits = viewOf(bytes).getBigUint64(0, true);
  return Array.from({ length: count }, (_, index) => ((bits >> BigInt(index)) & 1n) === 1n);
}

export interface Edge {
  readonly offset: number;
  readonly isRising: boolean;
  /** By the kernel's monotonic clock, in nanoseconds. */
  readonly nanos: bigint;
  /** Counts the edges of the request from 1: a gap is what the kernel dropped. */
  readonly sequence: number;
}

/** struct gpio_v2_line_event */
export const edgeBytes = 0x30;

export function decodeEdges(bytes: Uint8Array): readonly Edge[] {
  const view = viewOf(bytes);
  return Array.from({ length: Math.floor(bytes.length / edgeBytes) }, (_, index) => {
    const at = index * edgeBytes;
    return {
      nanos: view.getBigUint64(at, true),
      isRising: view.getUint32(at + 8, true) === 1,
      offset: view.getUint32(at + 12, true),
      sequence: view.getUint32(at + 16, true),
    };
  });
}

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const bitOf = (index: number): bigint => 1n << BigInt(index);
const maskOf = (count: number): bigint => bitOf(count) - 1n;
const bitsOf = (values: readonly boolean[]): bigint =>
  values.reduce((bits, value, index) => (value ? bits | bitOf(index) : bits), 0n);

function grouped(values: readonly bigint[]): ReadonlyMap<bigint, bigint> {
  const masks = new Map<bigint, bigint>();
  for (const [index, value] of values.entries()) masks.set(value, (masks.get(value) ?? 0n) | bitOf(index));
  return masks;
}

function textAt(bytes: Uint8Array, at: number): string {
  const text = bytes.subarray(at, at + nameBytes);
  const end = text.indexOf(0);
  return new TextDecoder().decode(end < 0 ? text : text.subarray(0, end));
}
