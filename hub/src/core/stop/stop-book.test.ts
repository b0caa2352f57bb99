import { describe, expect, test } from "vitest";
import { nodesMax, stopLatchesMax, stopReleasedMax, stopZonesMax } from "@interactor/shared/wire/limits";
import { StopBook } from "./stop-book.ts";

let made = 0;
const freshId = () => {
  made += 1;
  return `fresh${made}`;
};
const press = (id: string | undefined, by = "anna") => ({ id, by, at: 1, freshId });
const release = (ids?: readonly string[], reported: readonly string[] = []) => ({
  by: "bert",
  at: 2,
  ids,
  reported,
});
const empty = () => new StopBook({ zones: {}, members: {} });
const idsOf = (book: StopBook) => book.latches.map(({ zone, id }) => `${zone}/${id}`);

describe("a stop", () => {
  test("latches the zone, and a second one beside it", () => {
    const book = empty();

    expect([book.stop("all", press("a")), book.stop("all", press("b", "bert"))]).toEqual([
      "latched",
      "latched",
    ]);

    expect(book.document("all")).toMatchObject({ latched: true, by: "anna", released: [] });
    expect(idsOf(book)).toEqual(["all/a", "all/b"]);
  });

  test("that comes twice is one", () => {
    const book = empty();
    book.stop("all", press("a"));

    expect(book.stop("all", press("a"))).toBe("held");
    expect(idsOf(book)).toEqual(["all/a"]);
  });

  test("is never refused for its id: one that was released before gets another", () => {
    const book = empty();
    book.stop("all", press("button"));
    book.release("all", release());

    expect(book.stop("all", press("button"))).toBe("latched");
    expect(book.document("all")).toMatchObject({ latched: true, released: ["button"] });
    expect(idsOf(book)).not.toContain("all/button");
  });

  test("in a zone that no node is in is refused", () => {
    const book = empty();
    book.join("a", ["foyer", "house"]);
    book.join("b", ["house"]);

    expect(book.stop("foyr", press("a"))).toBe("unknown-zone");
    expect(book.release("foyr", release())).toBe("unknown-zone");
    expect(book.zones).toEqual(["all", "foyer", "house"]);
    expect(book.stop("foyer", press("a"))).toBe("latched");
  });

  test("holds a zone that its last node has left, until it is released", () => {
    const book = empty();
    book.join("a", ["foyer"]);
    book.stop("foyer", press("a"));

    book.join("a", ["house"]);

    expect(book.zones).toEqual(["all", "foyer", "house"]);
    expect(book.release("foyer", release())).toBe("released");
  });

  test("pressed again and again evicts the oldest latch, which nodes are told, and holds", () => {
    const book = empty();

    for (let count = 0; count < stopLatchesMax + 3; count += 1) book.stop("all", press(`n${count}`));

    const { latched, latches, released } = book.document("all");
    expect([latched, latches?.length, released]).toEqual([true, stopLatchesMax, ["n0", "n1", "n2"]]);
  });
});

describe("a release", () => {
  test("by somebody else lets go of everything in its zone and of nothing elsewhere", () => {
    const book = empty();
    book.join("a", ["foyer"]);
    book.stop("all", press("a"));
    book.stop("foyer", press("b"));

    expect(book.release("all", release())).toBe("released");

    expect(idsOf(book)).toEqual(["foyer/b"]);
    expect(book.document("all")).toMatchObject({ latched: false, by: "bert", latches: [], released: ["a"] });
  });

  test("that names what it saw leaves a stop that was pressed meanwhile", () => {
    const book = empty();
    book.stop("all", press("a"));
    book.stop("all", press("b"));

    book.release("all", release(["a"]));

    expect(idsOf(book)).toEqual(["all/b"]);
  });

  test("reaches latches that only nodes know of", () => {
    const book = empty();

    expect(book.release("all", release(undefined, ["own"]))).toBe("released");
    expect(book.document("all").released).toEqual(["own"]);
    expect(book.release("all", release(["never-seen"]))).toBe("not-held");
  });

  test("is remembered for so many latches and no more", () => {
    const book = empty();

    for (let count = 0; count < stopReleasedMax + 5; count += 1) {
      book.stop("all", press(`n${count}`));
      book.release("all", release());
    }

    expect(book.document("all").released?.length).toBe(stopReleasedMax);
    expect(book.learn("a", { zone: "all", id: "n0", by: "", at: 1 })).toBe(true);
    expect(book.learn("a", { zone: "all", id: "n9", by: "", at: 1 })).toBe(false);
  });
});

describe("what a node still holds", () => {
  const held = { zone: "all", id: "a", by: "anna", at: 1 };

  test("is learnt by a hub that has forgotten it, and can be released", () => {
    const book = empty();

    expect([book.learn("n", held), book.learn("n", held), book.learn("m", held)]).toEqual([
      true,
      false,
      false,
    ]);
    expect(book.document("all")).toMatchObject({ latched: true, by: "anna" });
    expect(book.release("all", release())).toBe("released");
  });

  test("is not taken up again when it was released", () => {
    const book = empty();
    book.learn("n", held);
    book.release("all", release());

    expect(book.learn("m", held)).toBe(false);
    expect(book.document("all").latched).toBe(false);
  });

  test("for itself alone, or for a zone it is not in, holds nobody else", () => {
    const book = empty();
    book.join("n", ["foyer"]);

    expect(book.learn("n", { ...held, local: true })).toBe(false);
    expect(book.learn("n", { ...held, zone: "cellar" })).toBe(false);
    expect(book.learn("n", { ...held, zone: "foyer" })).toBe(true);
  });
});

test("members are bounded: the node that came longest ago is forgotten", () => {
  const book = empty();

  for (let count = 0; count <= nodesMax; count += 1) book.join(`n${count}`, [`z${count}`]);

  expect(book.zones).not.toContain("z0");
  expect(book.zones).toContain(`z${nodesMax}`);
  expect(Object.keys(book.kept.members).length).toBe(nodesMax);
});

test("what was kept is what was there", () => {
  const book = empty();
  book.join("a", ["foyer"]);
  book.stop("foyer", press("a"));
  book.stop("all", press("b"));
  book.release("all", release());

  const again = new StopBook(book.kept);

  expect(again.kept).toEqual(book.kept);
  expect(again.document("foyer")).toEqual(book.document("foyer"));
});

test("a node that is forgotten leaves its zones, unless something holds one of them", () => {
  const book = empty();
  book.join("a", ["foyer"]);
  book.join("b", ["stage"]);
  book.stop("stage", press("x"));

  expect([book.leave("a"), book.leave("b"), book.leave("nobody")]).toEqual([true, false, false]);
  expect(book.zones).toEqual(["all", "stage"]);
  book.release("stage", release());
  expect(book.leave("b")).toBe(true);

  book.join("c", []);
  book.stop("all", press("y"));
  expect(book.leave("c")).toBe(false);
});

describe("zones", () => {
  const crowded = () => {
    const book = empty();
    for (let count = 0; count <= stopZonesMax; count += 1) book.join(`n${count}`, [`z${count}`]);
    return book;
  };

  test("are bounded: the one that was let go longest ago gives way", () => {
    const book = crowded();
    for (let count = 0; count < stopZonesMax; count += 1) {
      book.stop(`z${count}`, press(`n${count}`));
      if (count < 2) book.release(`z${count}`, release());
    }

    expect(book.stop(`z${stopZonesMax}`, press("one-more"))).toBe("latched");

    expect(Object.keys(book.kept.zones).length).toBe(stopZonesMax);
    expect([book.touched.includes("z0"), book.touched.includes("z1")]).toEqual([false, true]);
  });

  test("that are all stopped leave one more refused, and the whole site can still be stopped", () => {
    const book = crowded();
    for (let count = 0; count < stopZonesMax; count += 1) book.stop(`z${count}`, press(`n${count}`));

    expect(book.stop(`z${stopZonesMax}`, press("one-more"))).toBe("too-many-zones");
    expect(book.stop("all", press("everything"))).toBe("latched");
  });

  test("that nobody is in and nothing holds are forgotten with the next start", () => {
    const book = empty();
    for (const zone of ["held", "free"]) {
      book.join("n", [zone]);
      book.stop(zone, press(zone));
    }
    book.release("free", release());
    book.join("n", ["elsewhere"]);

    expect(new StopBook(book.kept).zones).toEqual(["all", "elsewhere", "held"]);
  });
});
