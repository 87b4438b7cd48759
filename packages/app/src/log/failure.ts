/** What a failure says of itself. */
export function failureText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A failure as fields of a line of the log: what it says, and where it came from. */
export function failureFields(error: unknown): { readonly error: string; readonly stack?: string } {
  return { error: failureText(error), ...(error instanceof Error && error.stack !== undefined && { stack: error.stack }) };
}
