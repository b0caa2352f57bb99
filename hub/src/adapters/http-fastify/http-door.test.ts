import { expect, test } from "vitest";
import fc from "fast-check";
import { type Guest, HttpDoor, httpDoorLimits } from "./http-door.ts";

const limits = { waitingMax: 5, waitingPerAddressMax: 3, webSocketsMax: 4, webSocketsPerAddressMax: 2 };

/** A guest that leaves at once when it is shown out, as a connection does. */
function enter(door: HttpDoor, address: string) {
  const cuts: string[] = [];
  const guest: Guest = {
    address,
    cut(fault) {
      cuts.push(fault);
      door.leave(guest);
    },
  };
  door.enter(guest);
  return { guest, cuts };
}

const upgrade = (door: HttpDoor, address: string) => door.upgraded(enter(door, address).guest);

test("of one address the one that did nothing for longest gives way, and other addresses do not suffer for it", () => {
  const door = new HttpDoor(limits);
  const other = enter(door, "phone");
  const [first, second, third] = [enter(door, "attacker"), enter(door, "attacker"), enter(door, "attacker")];
  door.stirred(first.guest);

  const newcomer = enter(door, "attacker");

  expect([other, first, second, third, newcomer].map(({ cuts }) => cuts)).toEqual([
    [],
    [],
    ["too-many-from-address"],
    [],
    [],
  ]);
});

test("of many addresses the one that did nothing for longest gives way, and a newcomer gets in", () => {
  const door = new HttpDoor(limits);
  const guests = ["a", "b", "c", "d", "e"].map((address) => enter(door, address));
  const [oldest] = guests;
  if (oldest !== undefined) door.stirred(oldest.guest);

  const newcomer = enter(door, "phone");

  expect([...guests, newcomer].map(({ cuts }) => cuts)).toEqual([[], ["no-connect"], [], [], [], []]);
});

test("who has become a WebSocket stays, whoever comes", () => {
  const door = new HttpDoor(limits);
  const viewer = enter(door, "a");
  door.upgraded(viewer.guest);

  for (let count = 0; count < 50; count++) enter(door, "a");

  expect(viewer.cuts).toEqual([]);
  expect(door.counts).toEqual({ waiting: 3, webSockets: 1 });
});

test("WebSockets are bounded for each address and in all", () => {
  const door = new HttpDoor(limits);
  for (let count = 0; count < 2; count++) upgrade(door, "a");
  expect(door.refusal("a")?.fault).toBe("too-many-from-address");
  expect(door.refusal("b")).toBeUndefined();

  for (let count = 0; count < 2; count++) upgrade(door, "b");

  expect(door.refusal("c")?.fault).toBe("too-many-connections");
});

test("one address cannot take what there is", () => {
  const { waitingMax, waitingPerAddressMax, webSocketsMax, webSocketsPerAddressMax } = httpDoorLimits;

  expect(2 * waitingPerAddressMax).toBeLessThanOrEqual(waitingMax);
  expect(2 * webSocketsPerAddressMax).toBeLessThanOrEqual(webSocketsMax);
});

test("its bounds hold whoever comes, asks, upgrades and goes, twice too", () => {
  const step = fc.record({
    kind: fc.constantFrom("come", "come", "ask", "upgrade", "go", "go twice"),
    address: fc.constantFrom("a", "b", "c"),
    which: fc.nat({ max: 20 }),
  });

  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const door = new HttpDoor(limits);
      const here = new Map<Guest, boolean>();
      for (const { kind, address, which } of steps) {
        const someone = [...here.keys()][which % Math.max(here.size, 1)];
        if (kind === "come") {
          const guest: Guest = {
            address,
            cut() {
              // A WebSocket is never the one.
              expect(here.get(guest)).toBe(false);
              here.delete(guest);
              door.leave(guest);
            },
          };
          here.set(guest, false);
          door.enter(guest);
          expect(here.has(guest)).toBe(true);
        } else if (someone !== undefined && kind === "ask") door.stirred(someone);
        else if (someone !== undefined && kind === "upgrade") {
          if (door.refusal(someone.address) !== undefined || here.get(someone) === true) continue;
          here.set(someone, true);
          door.upgraded(someone);
        } else if (someone !== undefined) {
          here.delete(someone);
          door.leave(someone);
          if (kind === "go twice") door.leave(someone);
        }
        const webSockets = [...here.values()].filter((isUpgraded) => isUpgraded).length;
        expect(door.counts).toEqual({ waiting: here.size - webSockets, webSockets });
        expect(door.counts.waiting).toBeLessThanOrEqual(limits.waitingMax);
        expect(webSockets).toBeLessThanOrEqual(limits.webSocketsMax);
      }
    }),
    { numRuns: 300 },
  );
});
