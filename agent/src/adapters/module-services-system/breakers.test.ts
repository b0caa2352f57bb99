import { expect, test } from "vitest";
import { Breakers } from "./breakers.ts";

const fail = (): Promise<never> => Promise.reject(new Error("no answer"));
const succeed = (): Promise<string> => Promise.resolve("there");

test("what fails five times in a row rests, says so, and costs nothing meanwhile", async () => {
  const breakers = new Breakers();
  for (let time = 0; time < 4; time++)
    await expect(breakers.execute("lamp:9000", fail)).rejects.toThrow("no answer");
  expect(breakers.resting).toEqual([]);
  await expect(breakers.execute("lamp:9000", fail)).rejects.toThrow("no answer");

  let begun = 0;
  const again = breakers.execute("lamp:9000", () => {
    begun += 1;
    return succeed();
  });

  await expect(again).rejects.toMatchObject({ code: "UNAVAILABLE" });
  expect(begun).toBe(0);
  expect(breakers.resting).toEqual(["lamp:9000"]);
  expect(await breakers.execute("desk:9000", succeed)).toBe("there");
});

test("a success in between begins the count anew", async () => {
  const breakers = new Breakers();
  for (let round = 0; round < 3; round++) {
    for (let time = 0; time < 4; time++)
      await expect(breakers.execute("lamp", fail)).rejects.toThrow("no answer");
    expect(await breakers.execute("lamp", succeed)).toBe("there");
  }
  expect(breakers.resting).toEqual([]);
});

test("of very many things the oldest is forgotten", async () => {
  const breakers = new Breakers();
  for (let time = 0; time < 5; time++)
    await expect(breakers.execute("first", fail)).rejects.toThrow("no answer");
  for (let thing = 0; thing < 256; thing++) await breakers.execute(`thing ${thing}`, succeed);

  expect(breakers.resting).toEqual([]);
  expect(await breakers.execute("first", succeed)).toBe("there");
});
