/** Of the hub and its command. */
export const version = "0.1.0";
