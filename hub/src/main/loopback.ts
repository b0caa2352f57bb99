/** Whether only programs on this machine reach a listener on `host`. */
export const isLoopback = (host: string): boolean => ["127.0.0.1", "::1", "localhost"].includes(host);
