import { instant, millis } from "@interactor/shared/sdk/define-module";
import { expect, test } from "vitest";
import { Engine } from "./engine/engine.ts";
import { Monitor } from "./monitor.ts";

const at = instant;

function engineOf(): Engine {
  return new Engine({
    dimmers: { wash: { channel: 1 } },
    priorities: { channels: 201, dimmers: 100 },
    latest: new Set(),
    cueLists: {},
    failsafe: { hold: millis(0), fade: millis(0), scene: new Map<number, number>() },
  });
}

/** Whether there is something to give after the next frame. */
function hasNews(monitor: Monitor, engine: Engine): boolean {
  monitor.sent(engine);
  const isDue = monitor.dueAt(at(1000)) !== undefined;
  monitor.take(at(0));
  return isDue;
}

test("a frame is news when its look, its sources or what dims it is another, and only then", () => {
  const engine = engineOf();
  const monitor = new Monitor({ universe: 1 });
  const first = hasNews(monitor, engine);
  const repeat = hasNews(monitor, engine);
  engine.set("wash", { value: 1, owner: "route" }, at(0));
  const look = hasNews(monitor, engine);
  engine.set("ch1", { value: 255, owner: "manual" }, at(0));
  const source = hasNews(monitor, engine);
  engine.set("ch1", undefined, at(0));
  engine.set("wash", undefined, at(0));
  hasNews(monitor, engine);
  const isBlackNew = engine.setBlack(true, at(0));
  const black = hasNews(monitor, engine);
  const isMasterNew = engine.setMaster(0.5, at(0));
  const master = hasNews(monitor, engine);

  expect({ first, repeat, look, source, black, master }).toEqual({
    first: true,
    repeat: false,
    look: true,
    source: true,
    black: true,
    master: true,
  });
  // Nothing is lit: only so does a frame go, and the monitor with it.
  expect([isBlackNew, isMasterNew, engine.setBlack(true, at(1)), engine.setMaster(0.5, at(1))]).toEqual([
    true,
    true,
    false,
    false,
  ]);
});
