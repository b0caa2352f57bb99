import { Duplex } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import fc from "fast-check";
import { Outlet } from "./outlet.ts";

/** A socket whose other side may stop reading. Of each write it takes nothing, or all. */
class Socket extends Duplex {
  readonly writes: Buffer[] = [];
  isEnded = false;
  #isStalled = false;
  #goOn: (() => void) | undefined;

  stall(): void {
    this.#isStalled = true;
  }

  /** Takes the write that waits, and stalls again at the next one if it still is to. */
  step(): void {
    const goOn = this.#goOn;
    this.#goOn = undefined;
    goOn?.();
  }

  release(): void {
    this.#isStalled = false;
    this.step();
  }

  override _read(): void {
    // Nothing comes.
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    const take = () => {
      this.writes.push(Buffer.from(chunk));
      done();
    };
    if (this.#isStalled) this.#goOn = take;
    else take();
  }

  override _final(done: () => void): void {
    this.isEnded = true;
    done();
  }
}

/** What a packet that waits counts beside its bytes. */
const overhead = 128;

function outletOf(outgoingBytesMax = 1_000_000) {
  const socket = new Socket();
  const behind: string[] = [];
  const counts = { dirty: 0, drained: 0 };
  const outlet: Outlet = new Outlet(
    socket,
    { outgoingBytesMax },
    {
      dirty(outlet) {
        counts.dirty += 1;
        setImmediate(() => outlet.flush());
      },
      behind(words) {
        behind.push(words);
        outlet.abandon();
      },
      drained: () => void (counts.drained += 1),
    },
  );
  const send = (text: string, topic?: string) => outlet.send(Buffer.from(text), topic);
  const written = () => Buffer.concat(socket.writes).toString();
  return { socket, outlet, send, written, behind, counts };
}

/** A socket that has one write to take, and takes nothing. */
async function stalledOutletOf(outgoingBytesMax: number) {
  const all = outletOf(outgoingBytesMax);
  all.socket.stall();
  all.send("<");
  await turn();
  expect(all.outlet.blockedSince).toBeTypeOf("number");
  return all;
}

test("what is sent during a turn is one write, in its order", async () => {
  const { send, socket, counts } = outletOf();

  for (const text of ["a", "b", "c", "d"]) send(text);
  expect(socket.writes).toEqual([]);
  await turn();
  send("e");
  await turn();

  expect(socket.writes.map(String)).toEqual(["abcd", "e"]);
  expect(counts.dirty).toBe(2);
});

test("more than one write's worth goes at once, so that a turn holds no heap of it", () => {
  const { outlet, socket } = outletOf();

  for (let index = 0; index < 10; index += 1) outlet.send(Buffer.alloc(10_000, index));

  expect(socket.writes.length).toBe(1);
  expect(outlet.bytes).toBeLessThan(64 * 1024);
});

test("a socket that takes nothing is given nothing more, and what waits comes in its order afterwards", async () => {
  const { socket, outlet, send, written, counts } = await stalledOutletOf(1_000_000);

  const texts = Array.from({ length: 500 }, (_, index) => ` ${index}`);
  for (const text of texts) send(text, `topic ${text}`);
  await turn();
  expect(socket.writes).toEqual([]);
  expect(outlet.bytes).toBe(texts.join("").length);
  expect(outlet.waitingBytes).toBe(1 + texts.join("").length + texts.length * overhead);

  socket.release();
  await turn();
  expect(written()).toBe(`<${texts.join("")}`);
  expect(outlet.waitingBytes).toBe(0);
  expect(outlet.evicted).toBe(0);
  expect(counts.drained).toBeGreaterThan(0);
});

test("blocked is who takes nothing: a write that is taken begins the time anew, the last one ends it", async () => {
  const { socket, outlet } = await stalledOutletOf(1_000_000);
  const since = outlet.blockedSince ?? Infinity;
  for (let index = 0; index < 3; index += 1) outlet.send(Buffer.alloc(64 * 1024));
  await turn();
  expect(outlet.blockedSince).toBe(since);

  for (let index = 0; index < 3; index += 1) {
    const before = outlet.blockedSince ?? Infinity;
    while (performance.now() <= before);
    socket.step();
    await turn();
    expect(outlet.blockedSince).toBeGreaterThan(before);
  }
  socket.step();
  await turn();

  expect(outlet.blockedSince).toBeUndefined();
  expect(socket.writes.length).toBe(4);
});

test("a state takes the place of an older one that waits, in its order among promises and other topics", async () => {
  const { socket, outlet, written } = await stalledOutletOf(1_000_000);
  const state = (text: string, topic: string) => outlet.send(Buffer.from(text), topic, true);

  state("a1 ", "a");
  outlet.send(Buffer.from("promise "));
  outlet.send(Buffer.from("event1 "), "event");
  for (let value = 2; value <= 1000; value++) state(`a${value} `, "a");
  outlet.send(Buffer.from("event2 "), "event");
  state("b1 ", "b");

  expect(outlet.replaced).toBe(999);
  expect(outlet.bytes).toBe("a1000 promise event1 event2 b1 ".length);
  socket.release();
  await turn();
  expect(written()).toBe("<a1000 promise event1 event2 b1 ");
});

test("a viewer that lags for an hour has one value of each output to take, and is not cut for it", async () => {
  const { socket, outlet, behind, written } = await stalledOutletOf(100_000);
  const values = 72_000;

  for (let value = 1; value <= values; value++) {
    for (let output = 0; output < 10; output++)
      outlet.send(Buffer.from(`o${output}=${value};`), `v/pi/sim/o${output}`, true);
  }

  expect(behind).toEqual([]);
  expect(outlet.waitingBytes).toBeLessThan(10 * (20 + overhead) + 10);
  socket.release();
  await turn();
  expect(written()).toBe(`<${Array.from({ length: 10 }, (_, output) => `o${output}=${values};`).join("")}`);
});

test("a slow viewer that takes a write now and then gets what is newest each time, whatever was evicted", async () => {
  const size = 40_000;
  const { socket, outlet, written } = await stalledOutletOf(1_000_000);
  const state = (value: number, topic: string) =>
    outlet.send(Buffer.from(`${topic}${value};`.padEnd(size, ".")), topic, true);
  let at = 0;

  for (let step = 0; step < 20; step++) {
    for (const topic of ["a", "b", "c", "d"]) state(at++, topic);
    if (step % 3 === 2) {
      socket.step();
      await turn();
    }
  }
  socket.release();
  await turn();

  const seen = [...written().matchAll(/([abcd])(\d+);/g)];
  for (const topic of ["a", "b", "c", "d"]) {
    const numbers = seen.filter(([, name]) => name === topic).map(([, , number]) => Number(number));
    expect(numbers).toEqual(numbers.toSorted((left, right) => left - right));
    expect(numbers.at(-1)).toBe(at - 4 + "abcd".indexOf(topic));
    expect(numbers.length).toBeLessThan(12);
  }
});

test("above half of its bytes the newest message of each topic stays, and the older ones of it go", async () => {
  const size = 1000 - overhead;
  const { socket, outlet, written } = await stalledOutletOf(20_000);

  // Ten fill the half; the eleventh is too much. The oldest of all is the newest of its topic.
  for (const name of ["c0", "a0", "b0", "a1", "b1", "a2", "b2", "a3", "b3", "a4", "b4"])
    outlet.send(Buffer.from(name.padEnd(size, ".")), name[0]);

  // Down to three eighths of the bound: seven and a half.
  expect(outlet.evicted).toBe(4);
  socket.release();
  await turn();
  expect(written().match(/[abc]\d/g)).toEqual(["c0", "a2", "b2", "a3", "b3", "a4", "b4"]);
});

test("where every topic has its one newest message, the oldest go", async () => {
  const size = 1000 - overhead;
  const { socket, outlet, written } = await stalledOutletOf(20_000);

  for (let index = 0; index < 11; index += 1)
    outlet.send(Buffer.from(`t${index};`.padEnd(size, ".")), `topic ${index}`);

  expect(outlet.evicted).toBe(4);
  socket.release();
  await turn();
  expect(written().match(/t\d+;/g)).toEqual(["t4;", "t5;", "t6;", "t7;", "t8;", "t9;", "t10;"]);
});

test("what was promised is never evicted: when it alone is too much, the client is cut", async () => {
  const { outlet, behind } = await stalledOutletOf(20_000);
  const packet = Buffer.alloc(1000 - overhead);

  for (let index = 0; index < 20; index += 1) outlet.send(packet);
  expect(behind).toEqual([]);
  expect(outlet.evicted).toBe(0);
  outlet.send(packet);

  expect(behind).toEqual(["more than 20000 bytes wait for it"]);
  expect(outlet.bytes).toBe(0);
});

test("many small packets count for what they are", async () => {
  const { send, behind } = await stalledOutletOf(20_000);

  for (let index = 0; index < 160; index += 1) send("..");

  expect(behind.length).toBe(1);
});

test("whatever is sent while the socket stalls, promises come whole and in order, and each topic's newest last", async () => {
  const step = fc.record({
    topic: fc.option(fc.constantFrom("a", "b", "c"), { nil: undefined }),
    size: fc.integer({ min: 8, max: 2000 }),
    takes: fc.integer({ min: 0, max: 9 }),
  });

  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 120 }), async (steps) => {
      const { socket, outlet, written, behind } = await stalledOutletOf(30_000);
      const sent: { readonly mark: string; readonly topic: string | undefined }[] = [];
      for (const [index, { topic, size, takes }] of steps.entries()) {
        if (behind.length > 0) break;
        const mark = `${index};`;
        sent.push({ mark, topic });
        outlet.send(Buffer.from(mark.padEnd(size, ".")), topic);
        expect(outlet.waitingBytes).toBeLessThanOrEqual(30_000 + 64 * 1024 + 2000);
        if (takes === 0) socket.step();
      }
      if (behind.length > 0) return;
      socket.release();
      await turn();
      const came = written().match(/\d+;/g) ?? [];
      expect(came).toEqual(came.toSorted((a, b) => Number.parseInt(a) - Number.parseInt(b)));
      expect(came.length + outlet.evicted).toBe(sent.length);
      for (const { mark, topic } of sent) if (topic === undefined) expect(came).toContain(mark);
      const last = sent.at(-1);
      if (last !== undefined) expect(came).toContain(last.mark);
      expect(outlet.bytes).toBe(0);
    }),
    { numRuns: 100 },
  );
});

test("ended, it still gives out what waits, and nothing that comes later", async () => {
  const { socket, outlet, send, written } = outletOf();
  send("last");
  send(" words");

  outlet.end();
  send(" too late");
  outlet.flush();
  await turn();

  expect(written()).toBe("last words");
  expect(socket.isEnded).toBe(true);
});

test("ended while the socket stalls, it gives out what waits when the socket goes on", async () => {
  const { socket, outlet, send, written } = await stalledOutletOf(1_000_000);
  send("last words");

  outlet.end();
  socket.release();
  await turn();

  expect(written()).toBe("<last words");
  expect(socket.isEnded).toBe(true);
});

test("abandoned, it gives out nothing any more", async () => {
  const { socket, outlet, send, written, counts } = await stalledOutletOf(1_000_000);
  send("lost");

  outlet.abandon();
  send("lost too");
  socket.release();
  await turn();

  expect(written()).toBe("<");
  expect(outlet.bytes).toBe(0);
  expect(counts.drained).toBe(0);
});

// To look through all that waits each time would be quadratic: the broker would stand still for seconds.
test("a client that takes no answers costs no more for each of them than at the beginning", async () => {
  const { outlet, behind } = await stalledOutletOf(4 * 1024 * 1024);
  const answer = Buffer.from([0x40, 2, 0, 1]);
  const timeOf = (count: number) => {
    const start = performance.now();
    for (let index = 0; index < count; index += 1) outlet.send(answer);
    return performance.now() - start;
  };
  timeOf(15_000);

  // The other half, up to where it is cut.
  const rest = timeOf(2000);

  expect(behind).toEqual([]);
  expect(rest).toBeLessThan(100);
});
