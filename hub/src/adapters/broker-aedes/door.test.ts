import { expect, test } from "vitest";
import fc from "fast-check";
import { Door, type Guest } from "./door.ts";

const limits = { connectionsMax: 4, connectionsPerAddressMax: 2, pendingMax: 3 };

/** A guest that leaves at once when it is shown out, as a connection does. */
function guestAt(door: Door, address: string) {
  const cuts: string[] = [];
  const guest: Guest = {
    address,
    cut(fault) {
      cuts.push(fault);
      door.leave(guest);
    },
  };
  return { guest, cuts };
}

test("from one address only so many come in, and another address does not suffer for it", () => {
  const door = new Door(limits);
  const [first, second] = [guestAt(door, "10.0.0.1"), guestAt(door, "10.0.0.1")];
  for (const { guest } of [first, second]) door.enter(guest);

  expect(door.refusal("10.0.0.1")?.fault).toBe("too-many-from-address");
  expect(door.refusal("10.0.0.2")).toBeUndefined();

  door.leave(first.guest);
  expect(door.refusal("10.0.0.1")).toBeUndefined();
});

test("only so many come in at all", () => {
  const door = new Door({ ...limits, pendingMax: 10 });
  const guests = ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"].map((address) => guestAt(door, address));
  for (const { guest } of guests) door.enter(guest);

  expect(door.refusal("10.0.0.5")?.fault).toBe("too-many-connections");

  for (const { guest } of guests) door.leave(guest);
  expect(door.refusal("10.0.0.5")).toBeUndefined();
  expect(door.guests.size).toBe(0);
});

test("who has said nothing for longest makes room for a newcomer; who has said who it is stays", () => {
  const door = new Door({ connectionsMax: 100, connectionsPerAddressMax: 100, pendingMax: 2 });
  const [known, oldest, next, newcomer] = ["a", "b", "c", "d"].map((address) => guestAt(door, address));
  if (!known || !oldest || !next || !newcomer) throw new Error("there are four");
  door.enter(known.guest);
  door.introduced(known.guest);
  door.enter(oldest.guest);
  door.enter(next.guest);
  expect(oldest.cuts).toEqual([]);

  door.enter(newcomer.guest);

  expect([known.cuts, oldest.cuts, next.cuts, newcomer.cuts]).toEqual([[], ["no-connect"], [], []]);
  expect(door.guests.size).toBe(3);
});

test("a guest that leaves twice leaves once", () => {
  const door = new Door(limits);
  const [stays, goes] = [guestAt(door, "a"), guestAt(door, "a")];
  door.enter(stays.guest);
  door.enter(goes.guest);

  door.leave(goes.guest);
  door.leave(goes.guest);

  door.enter(guestAt(door, "a").guest);
  expect(door.refusal("a")?.fault).toBe("too-many-from-address");
});

test("its bounds hold whoever comes, speaks and goes", () => {
  const step = fc.record({
    kind: fc.constantFrom("come", "speak", "go"),
    address: fc.constantFrom("a", "b", "c"),
    which: fc.nat({ max: 10 }),
  });

  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const door = new Door(limits);
      const silent = new Set<Guest>();
      for (const { kind, address, which } of steps) {
        const someone = [...door.guests][which % Math.max(door.guests.size, 1)];
        if (kind === "come" && door.refusal(address) === undefined) {
          const guest: Guest = {
            address,
            cut() {
              silent.delete(guest);
              door.leave(guest);
            },
          };
          silent.add(guest);
          door.enter(guest);
        } else if (someone !== undefined && kind === "speak") {
          silent.delete(someone);
          door.introduced(someone);
        } else if (someone !== undefined && kind === "go") {
          silent.delete(someone);
          door.leave(someone);
        }
        const here = [...door.guests];
        expect(here.length).toBeLessThanOrEqual(limits.connectionsMax);
        expect(silent.size).toBeLessThanOrEqual(limits.pendingMax);
        for (const each of ["a", "b", "c"]) {
          const from = here.filter((guest) => guest.address === each).length;
          expect(from).toBeLessThanOrEqual(limits.connectionsPerAddressMax);
          const mayCome = from < limits.connectionsPerAddressMax && here.length < limits.connectionsMax;
          expect(door.refusal(each) === undefined).toBe(mayCome);
        }
      }
    }),
    { numRuns: 300 },
  );
});
