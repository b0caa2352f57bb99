/** What was done about a fault of a client: for each outcome its counter, and its words in the log. */

interface Outcome {
  /** Of the counter, between `interactor_hub_` and `_total`. */
  readonly metric: string;
  readonly help: string;
  readonly words: string;
}

export const faultOutcomes = {
  cut: {
    metric: "clients_cut",
    help: "Connections that were open and were cut off, by reason.",
    words: "a client is cut off",
  },
  "turned-away": {
    metric: "clients_turned_away",
    help: "Connections and requests that were refused, by reason.",
    words: "a client is turned away",
  },
  slowed: {
    metric: "clients_slowed",
    help: "Times that a client was read more slowly; nothing of it is lost.",
    words: "a client is read more slowly",
  },
  "subscription-refused": {
    metric: "subscriptions_refused",
    help: "Subscriptions that were refused; their clients stay connected.",
    words: "a subscription is refused",
  },
  evicted: {
    metric: "messages_evicted",
    help: "Messages for a client that gave way to newer ones, by reason.",
    words: "messages for a client are evicted",
  },
  "session-ended": {
    metric: "sessions_ended",
    help: "Sessions of clients that were away that ended before they came back, by reason.",
    words: "a session ends",
  },
} as const satisfies Record<string, Outcome>;

export type FaultOutcome = keyof typeof faultOutcomes;

/** Typed as what it is; `Object.keys` says no more than string. */
export const faultOutcomeNames = Object.keys(faultOutcomes) as readonly FaultOutcome[];
