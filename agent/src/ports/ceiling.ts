/** The node's own word of what modules of others may have. */
import type { Ceiling } from "../core/ceiling/ceiling.ts";

/** As it is now. Throws a Fault `CEILING_INVALID` when it is there and cannot be read: then none of them runs. */
export type ReadCeiling = () => Ceiling;
