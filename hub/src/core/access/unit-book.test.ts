import { describe, expect, test } from "vitest";
import { UnitBook } from "./unit-book.ts";

const bookOf = (isAny = false) => {
  const book = new UnitBook({}, isAny);
  book.born("hall", "pi-1");
  return book;
};

test("the first unit that fills a node is the one, over a restart too", () => {
  const book = bookOf();
  expect(book.born("hall", "pi-1")).toBe(false);

  for (const each of [book, new UnitBook(book.kept, false)]) {
    expect(each.refusal("hall", "pi-1")).toBeUndefined();
    expect(each.refusal("hall", "pi-2")).toContain(
      'node "hall" is filled by unit pi-1, also while that is away',
    );
    expect(each.refusal("hall", "pi-2")).toContain("interactor node swap hall");
    expect(each.refusal("foyer", "pi-2")).toBeUndefined();
  }
});

describe("after a swap", () => {
  test("any other unit may come, and may take over from the one that is here; the old one is refused", () => {
    const book = bookOf();
    expect(book.isAwaited("hall", "pi-2", "pi-1")).toBe(false);

    expect(book.swap("hall", "pi-1", undefined)).toBe(true);

    expect(book.isAwaited("hall", "pi-2", "pi-1")).toBe(true);
    expect(book.refusal("hall", "pi-2")).toBeUndefined();
    expect(book.refusal("hall", "pi-1")).toContain("taken out of node");
    book.born("hall", "pi-2");
    expect(book.refusal("hall", "pi-1")).toContain("is filled by unit pi-2");
    expect(book.refusal("hall", "pi-3")).toBeDefined();
  });

  test("to a unit by its name only that one may come", () => {
    const book = bookOf();
    book.swap("hall", undefined, "pi-2");

    expect(book.refusal("hall", "pi-3")).toBeDefined();
    expect(book.refusal("hall", "pi-1")).toBeDefined();
    expect(book.refusal("hall", "pi-2")).toBeUndefined();
    expect(book.isAwaited("hall", "pi-3", "pi-1")).toBe(false);
  });

  test("twice is as good as once, and of a node that nobody filled there is nothing to swap", () => {
    const book = bookOf();
    book.swap("hall", undefined, undefined);
    expect(book.swap("hall", undefined, undefined)).toBe(true);
    expect(book.refusal("hall", "pi-1")).toBeDefined();
    for (const unit of [undefined, "pi-2"]) expect(book.swap("foyer", undefined, unit)).toBe(false);
    expect(Object.keys(book.kept)).toEqual(["hall"]);
  });
});

test("a node that is forgotten is filled by whoever comes next, and one where any may come always is", () => {
  const book = bookOf();
  expect(book.forget("hall")).toBe(true);
  expect(book.forget("hall")).toBe(false);
  expect(book.refusal("hall", "pi-2")).toBeUndefined();
  expect(bookOf(true).refusal("hall", "pi-2")).toBeUndefined();
});

test("of more nodes than there can be the first are let go", () => {
  const book = new UnitBook({}, false);
  for (let index = 0; index < 3000; index += 1) book.born(`n${index}`, "pi-1");

  expect(Object.keys(book.kept)).toHaveLength(2000);
  expect(book.refusal("n0", "pi-2")).toBeUndefined();
  expect(book.refusal("n2999", "pi-2")).toBeDefined();
});
