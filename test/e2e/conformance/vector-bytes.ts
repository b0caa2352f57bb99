// How bytes are written in test/vectors/mqtt: hex pairs as they are, and what would have to be counted by hand:
//
//   0004 4d51       two bytes each, from hex            "text"   a string of MQTT: its length in two bytes, then UTF-8
//   'text'          UTF-8 without a length              { … }    the remaining length of a packet, then its bytes
//   00*200          bytes, so many times over             [ … ]    a length in two bytes, then the bytes
//   account         user name and password, a field each
//   ?p  =p          two bytes: a packet id that is learnt when it is seen; the same again
//
// A `%` in a text stands for a name that no other run has, so that vectors can run beside each other.

/** What the words of a vector mean in one run of it. */
export interface Surroundings {
  readonly unique: string;
  readonly user: string;
  readonly password: string;
  /** Packet ids that were learnt, by their letter. */
  readonly learnt: Map<string, number>;
}

/** A byte, or half of a packet id that is to be learnt. */
export type PatternByte = number | { readonly learn: string; readonly isHigh: boolean };

const token =
  /"(?<field>[^"]*)"|'(?<text>[^']*)'|(?<repeated>(?:[0-9a-f]{2})+)\*(?<count>\d+)|(?<hex>(?:[0-9a-f]{2})+)\b|[?](?<learn>\w)|=(?<known>\w)|(?<word>account)\b|(?<bracket>[{}[\]])|(?<space>\s+)/gy;

type Groups = Partial<
  Record<"field" | "text" | "repeated" | "count" | "hex" | "learn" | "known" | "word", string>
>;

/** The bytes to be sent. */
export function bytesOf(source: string, around: Surroundings): Buffer {
  const pattern = patternOf(source, around);
  return Buffer.from(
    pattern.map((byte) => {
      if (typeof byte === "number") return byte;
      throw new Error(`?${byte.learn} is to be learnt, and cannot be sent: ${source}`);
    }),
  );
}

/** The bytes to be seen. */
export function patternOf(source: string, around: Surroundings): readonly PatternByte[] {
  const open: { readonly bracket: string; readonly bytes: PatternByte[] }[] = [{ bracket: "", bytes: [] }];
  const push = (bytes: readonly PatternByte[]) => open.at(-1)?.bytes.push(...bytes);
  token.lastIndex = 0;
  while (token.lastIndex < source.length) {
    const at = token.lastIndex;
    const groups = token.exec(source)?.groups;
    if (groups === undefined) throw new Error(`not understood from "${source.slice(at)}" on: ${source}`);
    const bracket = groups["bracket"];
    if (bracket === "{" || bracket === "[") open.push({ bracket, bytes: [] });
    else if (bracket === undefined) push(plain(groups, around));
    else {
      const inner = open.pop();
      if (`${inner?.bracket}${bracket}` !== "{}" && `${inner?.bracket}${bracket}` !== "[]")
        throw new Error(`brackets that do not fit: ${source}`);
      const bytes = inner?.bytes ?? [];
      push([...(bracket === "}" ? remainingLength(bytes.length) : word(bytes.length)), ...bytes]);
    }
  }
  if (open.length !== 1) throw new Error(`a bracket that stays open: ${source}`);
  return open[0]?.bytes ?? [];
}

function plain(groups: Groups, around: Surroundings): readonly PatternByte[] {
  const { field, text, repeated, count, hex, learn, known, word: name } = groups;
  const named = (words: string) => words.replaceAll("%", around.unique);
  if (field !== undefined) return lengthened(named(field));
  if (text !== undefined) return [...Buffer.from(named(text))];
  if (repeated !== undefined) return [...Buffer.from(repeated.repeat(Number(count)), "hex")];
  if (hex !== undefined) return [...Buffer.from(hex, "hex")];
  if (name !== undefined) return [...lengthened(around.user), ...lengthened(around.password)];
  if (learn !== undefined) {
    return [
      { learn, isHigh: true },
      { learn, isHigh: false },
    ];
  }
  if (known === undefined) return [];
  const packetId = around.learnt.get(known);
  if (packetId === undefined) throw new Error(`=${known} was not learnt`);
  return word(packetId);
}

const word = (value: number): readonly number[] => [value >> 8, value & 255];

function lengthened(text: string): readonly number[] {
  const bytes = Buffer.from(text);
  return [...word(bytes.length), ...bytes];
}

function remainingLength(length: number): readonly number[] {
  return length < 128 ? [length] : [(length & 127) | 128, ...remainingLength(length >>> 7)];
}

/** Packet ids that `bytes` teaches when it fits the pattern; `undefined`: it does not fit. A packet id is never 0. */
export function match(
  pattern: readonly PatternByte[],
  bytes: Buffer,
): ReadonlyMap<string, number> | undefined {
  if (pattern.length !== bytes.length) return undefined;
  const learnt = new Map<string, number>();
  for (const [index, expected] of pattern.entries()) {
    if (typeof expected === "number") {
      if (expected !== bytes[index]) return undefined;
    } else if (expected.isHigh) learnt.set(expected.learn, bytes.readUInt16BE(index));
  }
  return [...learnt.values()].includes(0) ? undefined : learnt;
}
