/** What somebody did that must be found again, in an order that nobody can change unseen. */
export interface AuditEntry {
  readonly by: string;
  readonly action: string;
  /** What it was done to, in words. */
  readonly what: string;
  readonly outcome: "asked" | "done" | "refused";
  /** Of a refusal: its code and words. */
  readonly code?: string;
  readonly reason?: string;
}

export interface AuditLog {
  /** On disk when it resolves; in order, also when not awaited. */
  record(entry: AuditEntry): Promise<void>;
}
