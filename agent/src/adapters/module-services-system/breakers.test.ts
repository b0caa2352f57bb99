import { expect, onTestFinished, test, vi } from "vitest";
import { Breakers } from "./breakers.ts";

const fail = (): Promise<never> => Promise.reject(new Error("no answer"));
const host = (thing: string) => ({ kind: "host", thing }) as const;
const succeed = (): Promise<string> => Promise.resolve("there");

test("what fails five times in a row rests, says so, and costs nothing meanwhile", async () => {
  const breakers = new Breakers();
  for (let time = 0; time < 4; time++)
    await expect(breakers.execute(host("lamp:9000"), fail)).rejects.toThrow("no answer");
  expect(breakers.resting).toEqual([]);
  await expect(breakers.execute(host("lamp:9000"), fail)).rejects.toThrow("no answer");

  let begun = 0;
  const again = breakers.execute(host("lamp:9000"), () => {
    begun += 1;
    return succeed();
  });

  await expect(again).rejects.toMatchObject({ code: "UNAVAILABLE" });
  expect(begun).toBe(0);
  expect(breakers.resting).toEqual([{ kind: "host", thing: "lamp:9000", isTried: false }]);
  expect(await breakers.execute(host("desk:9000"), succeed)).toBe("there");
});

test("a success in between begins the count anew", async () => {
  const breakers = new Breakers();
  for (let round = 0; round < 3; round++) {
    for (let time = 0; time < 4; time++)
      await expect(breakers.execute(host("lamp"), fail)).rejects.toThrow("no answer");
    expect(await breakers.execute(host("lamp"), succeed)).toBe("there");
  }
  expect(breakers.resting).toEqual([]);
});

test("of very many things the oldest is forgotten", async () => {
  const breakers = new Breakers();
  for (let time = 0; time < 5; time++)
    await expect(breakers.execute(host("first"), fail)).rejects.toThrow("no answer");
  for (let thing = 0; thing < 256; thing++) await breakers.execute(host(`thing ${thing}`), succeed);

  expect(breakers.resting).toEqual([]);
  expect(await breakers.execute(host("first"), succeed)).toBe("there");
});

test("whoever counts what rests is told of each change, also of the first try afterwards", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  onTestFinished(() => void vi.useRealTimers());
  const told: unknown[] = [];
  const breakers: Breakers = new Breakers(() => told.push(breakers.resting));
  const line = { kind: "serial", thing: "/dev/ttyUSB0" } as const;
  for (let time = 0; time < 5; time++)
    await expect(breakers.execute(line, fail)).rejects.toThrow("no answer");

  vi.setSystemTime(Date.now() + 10_001);
  await breakers.execute(line, succeed);

  expect(told).toEqual([[{ ...line, isTried: false }], [{ ...line, isTried: true }], []]);
});
