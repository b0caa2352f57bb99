import { messageOf } from "@interactor/shared/kernel/fault";
import { describe, expect, test, vi } from "vitest";
import { InstanceStorage } from "./agent-storage.ts";
import type { Stored } from "./ports/module-services.ts";

function disk(files: Record<string, Stored> = {}) {
  return {
    files,
    loadStored: async (name: string) => files[name] ?? {},
    saveStored: async (name: string, stored: Stored) => void (files[name] = stored),
  };
}

const lamp = (version: string, isBack = false) => ({
  name: "lamp",
  module: "lamp",
  version,
  isBack,
  settings: {},
});

test("a copy writes nothing until it is kept, and then all of it", async () => {
  const there = disk({ lamp: { look: "dark" } });
  const copy = new InstanceStorage(lamp("2"), there, { look: "dark" });

  await copy.set("look", "light");
  expect(there.files["lamp"]).toEqual({ look: "dark" });
  await copy.keep({ look: "dark" });
  await copy.set("more", 1);

  expect(there.files).toEqual({ lamp: { look: "light", more: 1 } });
});

test("what is sealed takes nothing more, and has written what it was told before", async () => {
  const there = disk();
  const storage = new InstanceStorage(lamp("1"), there);
  const writing = storage.set("look", "light");

  expect(await storage.seal()).toEqual({ look: "light" });
  await writing;
  await expect(storage.set("look", "dark")).rejects.toMatchObject({ code: "STORAGE_GONE" });
  storage.unseal();
  await storage.set("look", "dark");

  expect(there.files["lamp"]).toEqual({ look: "dark" });
});

test("a module that keeps its version alone uses nothing", async () => {
  const storage = new InstanceStorage(lamp("1"), disk());

  await storage.get("@version");
  await storage.set("@version", "1");
  expect(storage.isUsed).toBe(false);
  await storage.get("look");
  expect(storage.isUsed).toBe(true);
});

test("what a version has left stays for it, and is found by it when it comes back, and by no other", async () => {
  const there = disk({ lamp: { "@version": "1", look: "dark" } });
  const second = new InstanceStorage(lamp("2"), there);
  await second.set("look", "bright, in another form");
  await second.set("@version", "2");
  await second.set("look", "brighter");

  expect(await new InstanceStorage(lamp("1"), there).get("look")).toBe("brighter");
  expect(await new InstanceStorage(lamp("0", true), there).get("look")).toBe("brighter");
  expect(await new InstanceStorage(lamp("2", true), there).get("look")).toBe("brighter");
  expect(await new InstanceStorage(lamp("1", true), there).get("look")).toBe("dark");

  expect(there.files["lamp"]).toEqual({ "@version": "1", look: "dark" });
});

test("a copy that takes over leaves what was there for the version that wrote it", async () => {
  const before = { "@version": "1", look: "dark" };
  const there = disk({ lamp: before });
  const copy = new InstanceStorage(lamp("2"), there, before);
  await copy.set("@version", "2");
  await copy.keep(before);

  expect(await new InstanceStorage(lamp("1", true), there).all()).toEqual(before);
});

test("what a version without a mark has left is found by the one that comes back", async () => {
  const there = disk({ lamp: { look: "dark" } });
  const second = new InstanceStorage(lamp("2"), there);
  await second.set("@version", "2");
  await second.set("look", "bright, in another form");

  expect(await new InstanceStorage(lamp("1", true), there).all()).toEqual({ look: "dark" });
});

test("a version that kept nothing finds nothing when it comes back, and has no file for its mark", async () => {
  const there = disk();
  await new InstanceStorage(lamp("1"), there).set("@version", "1");
  expect(there.files).toEqual({});
  const second = new InstanceStorage(lamp("2"), there);
  await second.set("@version", "2");
  await second.set("look", "bright");
  expect(there.files).toEqual({ lamp: { "@version": "2", look: "bright" } });

  expect(await new InstanceStorage(lamp("1", true), there).all()).toEqual({});
});

test("a copy that a disk did not take is told so of what it sets, and leaves what was there when it can", async () => {
  const before = { "@version": "1", look: "dark" };
  const there = disk({ lamp: before });
  let isFull = true;
  const full = {
    ...there,
    saveStored: (name: string, stored: Stored) =>
      isFull ? Promise.reject(new Error("no space")) : there.saveStored(name, stored),
  };
  const copy = new InstanceStorage(lamp("2"), full, before);
  await copy.set("@version", "2");
  await expect(copy.keep(before)).rejects.toThrow("no space");

  await expect(copy.set("look", "bright")).rejects.toThrow("no space");
  isFull = false;
  await copy.set("look", "bright");

  expect(there.files["lamp"]).toEqual({ "@version": "2", look: "bright" });
  expect(await new InstanceStorage(lamp("1", true), there).all()).toEqual(before);
});

describe("what a copy keeps when it takes over, on a disk that refuses one write", () => {
  const before = { "@version": "1", look: "dark" };
  // What was left, what is kept, and one write each for what comes after it.
  test.each([1, 2, 3, 4, 5])("the write of number %i", async (refused) => {
    const there = disk({ lamp: before });
    let write = 0;
    const copy = new InstanceStorage(
      lamp("2"),
      {
        ...there,
        saveStored: async (name, stored) => {
          write += 1;
          if (write === refused) throw new Error("no space");
          await there.saveStored(name, stored);
          // A power cut leaves this: never what one version wrote in the other's name.
          expect(there.files["lamp"]?.["look"]).toBe(
            there.files["lamp"]?.["@version"] === "2" ? "light" : "dark",
          );
        },
      },
      before,
    );
    const kept: Record<string, unknown> = { "@version": "2", look: "light" };
    for (const [key, value] of Object.entries({ look: "light", "@version": "2" })) await copy.set(key, value);
    const refusals = [await copy.keep(before).then(() => undefined, messageOf)];
    for (const [key, value] of Object.entries({ count: 1, more: 2, last: 3 })) {
      const refusal = await copy.set(key, value).then(() => undefined, messageOf);
      refusals.push(refusal);
      if (refusal === undefined) kept[key] = value;
      expect(await copy.all()).toEqual(kept);
    }

    expect(refusals.filter((each) => each === "no space")).toHaveLength(1);
    expect(there.files["lamp"]).toEqual(kept);
    expect(await new InstanceStorage(lamp("2"), there).all()).toEqual(kept);
    expect(await new InstanceStorage(lamp("1", true), there).all()).toEqual(before);
  });
});

test("a write that is refused takes nothing of what goes to the disk behind it", async () => {
  const before = { "@version": "1", look: "dark" };
  const there = disk({ lamp: before });
  const writes: PromiseWithResolvers<void>[] = [];
  const slow = {
    ...there,
    saveStored: async (name: string, stored: Stored) => {
      if (name === "lamp") {
        const write = Promise.withResolvers<void>();
        writes.push(write);
        await write.promise;
      }
      await there.saveStored(name, stored);
    },
  };
  const copy = new InstanceStorage(lamp("2"), slow, before);
  await copy.set("@version", "2");
  const keeping = copy.keep(before);
  const setting = copy.set("look", "light");
  await vi.waitFor(() => expect(writes).toHaveLength(2));

  writes[0]?.reject(new Error("no space"));
  await expect(keeping).rejects.toThrow("no space");
  expect(await copy.all()).toEqual({ "@version": "2", look: "light" });
  writes[1]?.resolve();
  await setting;

  expect(await copy.all()).toEqual({ "@version": "2", look: "light" });
  expect(there.files["lamp"]).toEqual({ "@version": "2", look: "light" });
});
