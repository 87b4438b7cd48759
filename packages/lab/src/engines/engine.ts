/** A backing service that the lab runs itself, outside of every sandbox: it is reached by a Unix socket. */
export interface Engine extends AsyncDisposable {
  /** `PostgreSQL 18` */
  readonly says: string;
  /** A store of its own: nothing that others write is in it. */
  makeStore(name: string): Promise<Store>;
}

/** One database, or its like, with whom it lets in. */
export interface Store extends AsyncDisposable {
  readonly socket: string;
  readonly port: number;
  /** The URL by which an app reaches it under a host name. */
  url(host: string): string;
  /**
   * Whether a text is anywhere in it. Asked directly, past every fault.
   */
  holds(text: string): Promise<boolean>;
}
