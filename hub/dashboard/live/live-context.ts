/** Hands the page's knowledge and its drawing tools down to every component. */
import { invariant } from "@interactor/shared/kernel/assert";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Live } from "./live.ts";

export const LiveContext = createContext<Live | undefined>(undefined);

export function useLive(): Live {
  const live = useContext(LiveContext);
  invariant(live !== undefined, "every component stands inside the live context");
  return live;
}
