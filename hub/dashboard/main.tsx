/** The dashboard: opens the connection and puts the page on it. */
import "./jitless.ts";
import { isName } from "@interactor/shared/wire/names";
import { requestOf } from "@interactor/shared/wire/request";
import { invariant } from "@interactor/shared/kernel/assert";
import { render } from "preact";
import { openConnection, randomHex } from "./live/connection.ts";
import { watchLedger } from "./live/ledger-watch.ts";
import { beatInterval } from "./live/limits.ts";
import { Live } from "./live/live.ts";
import { LiveContext } from "./live/live-context.ts";
import { App } from "./shell/app.tsx";
import { startTheme } from "./shell/theme.ts";
import "uplot/dist/uPlot.min.css";
import "./style/tokens.css";
import "./style/base.css";
import "./style/shell.css";
import "./style/screens.css";
import "./style/controls.css";
import "./style/stop.css";

function start(): void {
  const site = document.querySelector<HTMLMetaElement>('meta[name="interactor-site"]')?.content ?? "";
  const root = document.querySelector("#app");
  invariant(root !== null && isName(site), "the hub writes the site's name into the page");
  document.title = `${site} · Interactor`;
  startTheme();
  const live: Live = new Live({
    site,
    wall: () => Date.now(),
    monotonic: () => performance.now(),
    send: (address, command) => connection.send(address, command),
    stop: (zone, latch, taken) => connection.stop(zone, latch, taken),
    newId: () => randomHex(8),
    newRequest: () => requestOf(crypto.getRandomValues(new Uint8Array(8))),
  });
  const socket = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/mqtt`;
  const connection = openConnection(socket, site, {
    up: () => live.socketUp(),
    down: () => live.socketDown(),
    message: (topic, payload) => live.receive(topic, payload),
  });
  setInterval(() => live.beat(), beatInterval);
  watchLedger(() => live.link.peek() === "connected");
  render(
    <LiveContext.Provider value={live}>
      <App />
    </LiveContext.Provider>,
    root,
  );
}

start();
