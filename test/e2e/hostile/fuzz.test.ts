// Mutated conversations by the ten thousand against the hub as it is shipped: it lives, stays small, serves everybody
// else, and was reached in all its parts. `SEED=7 …` sends others than usual.

import { setImmediate as nextTurn, setTimeout as after } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { seededRandom } from "@interactor/shared/kernel/random";
import { eventually } from "../programs.ts";
import { BesiegedHub, type Siege } from "./besieged-hub.ts";
import { type Conversation, FuzzSource } from "./fuzz-conversation.ts";
import { isLong } from "./length.ts";
import { RawConnection, type Target, transports } from "./raw-connection.ts";
import { PacketCutter, packetType } from "./raw-packets.ts";

const seed = Number(process.env["SEED"] ?? 116);
const mutatedMin = isLong ? 1_000_000 : 100_000;
/** Connections at a time. */
const crowd = 60;
/** A conversation whose framing is broken hears no answer; so long it is waited for. */
const answerTimeout = 250;
/** What limits allow to sessions, retained messages and what waits for clients, and a heap that serves sixty of them. */
const growthBytesMax = 100e6;
/** What the second half of the packets may add: whatever leaks with each packet or connection adds more. */
const laterBytesMax = 30e6;
const shareMin = 0.9;
/** A fuzz that is always refused at its first packet would prove nothing. */
const reasonsMin = 6;

let hub: BesiegedHub;

beforeAll(async () => {
  hub = await BesiegedHub.open();
});

afterAll(() => hub[Symbol.asyncDispose]());

interface Tally {
  mutated: number;
  conversations: number;
  /** What the hub sent, by packet type. */
  readonly heard: Map<number, number>;
}

/** One conversation, to its end: an answer to its last packet, the hub's cut, or silence. */
async function converse(target: Target, source: FuzzSource, tally: Tally): Promise<void> {
  const transport = transports[tally.conversations % transports.length] ?? "tcp";
  tally.conversations += 1;
  const connection = new RawConnection(target, transport);
  if (!(await connection.opened)) return;
  const accepted = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<void>();
  const cutter = new PacketCutter();
  connection.taken = (chunk) =>
    cutter.take(chunk, (packet) => {
      tally.heard.set(packet.type, (tally.heard.get(packet.type) ?? 0) + 1);
      if (packet.type === packetType.connack) accepted.resolve();
      if (packet.type === packetType.pingresp) answered.resolve();
      const answer = source.answer(packet);
      if (answer === undefined) return;
      connection.write(answer.bytes);
      if (answer.isMutated) tally.mutated += 1;
    });
  await say(connection, source, source.next(), { accepted: accepted.promise, tally });
  await Promise.race([answered.promise, connection.closed, after(answerTimeout)]);
  if (tally.conversations % 3 === 0) connection.reset();
  else connection.end();
  await Promise.race([connection.closed, after(answerTimeout)]);
  connection.reset();
}

/** All at once, or one packet after the other for as long as the hub takes them: only those count. */
async function say(
  connection: RawConnection,
  source: FuzzSource,
  { packets, isHasty }: Conversation,
  { accepted, tally }: { readonly accepted: Promise<void>; readonly tally: Tally },
): Promise<void> {
  if (isHasty) {
    for (const piece of source.pieces(Buffer.concat(packets.map(({ bytes }) => bytes))))
      connection.write(piece);
    tally.mutated += packets.filter(({ isMutated }) => isMutated).length;
    return;
  }
  for (const [index, { bytes, isMutated }] of packets.entries()) {
    if (!connection.isOpen) return;
    for (const piece of source.pieces(bytes)) connection.write(piece);
    if (isMutated) tally.mutated += 1;
    await (index === 0 ? Promise.race([accepted, connection.closed, after(answerTimeout)]) : nextTurn());
  }
}

test(
  `${mutatedMin} mutated packets do the hub no harm (SEED=${seed})`,
  { timeout: isLong ? 1_800_000 : 180_000 },
  async () => {
    const source = new FuzzSource(seededRandom(seed));
    const tally: Tally = { mutated: 0, conversations: 0, heard: new Map() };
    const { process: program } = hub.program;

    const talkUntil = async (mutated: number): Promise<Siege> => {
      const talkers = Array.from({ length: crowd }, async () => {
        while (tally.mutated < mutated && program.exitCode === null && program.signalCode === null) {
          await converse(hub.program, source, tally);
        }
      });
      await Promise.all(talkers);
      hub.expectSound();
      return hub.look();
    };
    const first = await talkUntil(mutatedMin / 2);
    const second = await talkUntil(mutatedMin);

    const heard = Object.fromEntries(tally.heard);
    const figures = JSON.stringify({
      seed,
      mutated: tally.mutated,
      conversations: tally.conversations,
      heard,
      first,
      second,
    });
    console.log(figures);
    expect(tally.mutated).toBeGreaterThanOrEqual(mutatedMin);
    for (const { bystanderShare, refusals } of [first, second]) {
      expect.soft(bystanderShare, figures).toBeGreaterThanOrEqual(shareMin);
      expect.soft(Object.keys(refusals).length, figures).toBeGreaterThanOrEqual(reasonsMin);
    }
    expect.soft(first.growth, figures).toBeLessThan(growthBytesMax);
    expect.soft(second.growth, figures).toBeLessThan(laterBytesMax);
    const { connack, publish, puback, pubrec, pubrel, pubcomp, suback, unsuback, pingresp } = packetType;
    const answers = [connack, publish, puback, pubrec, pubrel, pubcomp, suback, unsuback, pingresp];
    expect
      .soft(
        answers.filter((type) => !tally.heard.has(type)),
        figures,
      )
      .toEqual([]);
    await eventually("the hub serves as before", () => hub.isAsBefore(growthBytesMax), 20_000);
    hub.expectSound();
  },
);
