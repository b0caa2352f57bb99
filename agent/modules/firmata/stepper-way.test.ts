import { expect, test } from "vitest";
import { StepperWay } from "./stepper-way.ts";

function motor(at = 0) {
  const said: string[] = [];
  const way = new StepperWay(at, {
    turn: (steps) => void said.push(`turn ${steps}`),
    brake: () => void said.push("brake"),
    tell: (place, isMoving) => void said.push(`${isMoving ? "leaves" : "rests at"} ${place}`),
  });
  return { way, said };
}

test("it goes to its target, and to no place where it already is", () => {
  const { way, said } = motor(50);

  way.aim(50);
  way.aim(20);
  way.arrived();

  expect(said).toEqual(["rests at 50", "leaves 50", "turn -30", "rests at 20"]);
});

test("a target beyond the end of a move is gone to when that has ended", () => {
  const { way, said } = motor();
  way.aim(100);

  way.aim(150);
  way.aim(170);
  way.arrived();

  expect(said).toEqual(["leaves 0", "turn 100", "leaves 100", "turn 70"]);
});

test.each([
  ["before the end", 60, "turn 20"],
  ["behind it", -10, "turn -50"],
])("a target %s lets it brake, once, and go there from where it came to rest", (_where, target, turn) => {
  const { way, said } = motor();
  way.aim(100);

  way.aim(target);
  way.aim(target);
  way.spared(60);
  way.arrived();
  way.arrived();

  expect(said).toEqual(["leaves 0", "turn 100", "brake", "leaves 40", turn, `rests at ${target}`]);
});

test("backwards it is the same", () => {
  const { way, said } = motor();
  way.aim(-100);

  way.aim(0);
  way.spared(75);
  way.arrived();

  expect(said).toEqual(["leaves 0", "turn -100", "brake", "leaves -25", "turn 25"]);
});

test("one that was arriving when it should brake is where it should have gone", () => {
  const { way, said } = motor();
  way.aim(100);

  way.aim(0);
  way.arrived();

  expect(said.slice(2)).toEqual(["brake", "leaves 100", "turn -100"]);
});

test("a way that is longer than a message carries goes in several", () => {
  const { way, said } = motor();

  way.aim(3_000_000);
  way.arrived();

  expect(said.slice(0, 4)).toEqual(["leaves 0", "turn 2097151", "leaves 2097151", "turn 902849"]);
});
