/** One filter for values and inputs, in lower case. */
import { signal } from "@preact/signals";

export const filterText = signal("");
