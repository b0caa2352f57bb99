// Imported before any schema: zod decides when a schema is made whether it writes code at run time, which our
// Content-Security-Policy forbids.

import * as z from "zod/mini";

z.config({ jitless: true });
