// The broker of a hub without its rules: everybody may do everything, and nothing is kept. For an agent to speak to.

import { micros } from "@interactor/shared/kernel/units";
import { openBroker } from "../../hub/src/adapters/broker-aedes/broker-aedes.ts";
import { brokerLimits } from "../../hub/src/ports/broker.ts";
import { noBrokerStore } from "../../hub/src/ports/broker-store.ts";

/** `heard`: all that is published; it goes on to whoever subscribed. */
export function openTameBroker(
  heard: (topic: string, payload: Uint8Array) => void,
  port = 0,
): ReturnType<typeof openBroker> {
  return openBroker(
    {
      host: "127.0.0.1",
      port,
      limits: brokerLimits,
      store: noBrokerStore,
      wall: () => micros(Date.now() * 1000),
    },
    {
      admit: () => ({ kind: "welcome" }),
      maySubscribe: () => true,
      received(_client, topic, payload) {
        heard(topic, payload);
        return { kind: "pass" };
      },
      faulted: () => undefined,
    },
  );
}
