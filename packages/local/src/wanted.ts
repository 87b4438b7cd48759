import type { Instant, ProcessType, ReleaseVersion } from "@douze/core";
import { readIfThere, writeWhole } from "./files.ts";
import type { WantedRelease, WantedScale } from "./plan/supervise.ts";
import { unreadable } from "./run-folder.ts";

interface WantedState {
  readonly maintenance: boolean;
  readonly routed?: ReleaseVersion;
  readonly releases: readonly WantedRelease[];
}

const nothing: WantedState = { maintenance: false, releases: [] };

/**
 * What the steps so far asked for, on disk: an engine that was killed goes on with it at once, routes and restarts included,
 * before anybody has decided anything anew.
 */
export class Wanted {
  readonly #path: string;
  #state: WantedState;

  private constructor(path: string, state: WantedState) {
    this.#path = path;
    this.#state = state;
  }

  /** @throws Problem state-unreadable - the file is damaged; nothing has changed */
  static open(path: string): Wanted {
    const text = readIfThere(path);
    if (text === undefined) return new Wanted(path, nothing);
    try {
      const state = JSON.parse(text) as WantedState;
      if (!Array.isArray(state.releases)) throw new TypeError("it names no releases");
      return new Wanted(path, state);
    } catch (cause) {
      throw unreadable(path, cause);
    }
  }

  get releases(): readonly WantedRelease[] {
    return this.#state.releases;
  }

  get routed(): ReleaseVersion | undefined {
    return this.#state.routed;
  }

  get maintenance(): boolean {
    return this.#state.maintenance;
  }

  /** A release that was to end is wanted again. */
  scale(release: ReleaseVersion, process: ProcessType, scale: WantedScale): void {
    const former = this.#find(release);
    this.#put({ release, scale: { ...former?.scale, [process]: scale } });
  }

  drain(release: ReleaseVersion, deadline: Instant): void {
    const former = this.#find(release);
    // Asked again it must not win time.
    const draining = Math.min(deadline, former?.draining ?? deadline) as Instant;
    this.#put({ release, scale: former?.scale ?? {}, draining });
  }

  retire(release: ReleaseVersion): void {
    const releases = this.#state.releases.filter((each) => each.release !== release);
    const { routed, ...rest } = this.#state;
    this.#change({ ...rest, releases, ...(routed !== undefined && routed !== release && { routed }) });
  }

  route(release: ReleaseVersion): void {
    this.#change({ ...this.#state, routed: release });
  }

  maintain(on: boolean): void {
    this.#change({ ...this.#state, maintenance: on });
  }

  /** Nothing is wanted any more but the answer to visitors. */
  clear(): void {
    this.#change({ ...nothing, maintenance: this.#state.maintenance });
  }

  #find(release: ReleaseVersion): WantedRelease | undefined {
    return this.#state.releases.find((each) => each.release === release);
  }

  #put(wanted: WantedRelease): void {
    const others = this.#state.releases.filter((each) => each.release !== wanted.release);
    this.#change({ ...this.#state, releases: [...others, wanted].toSorted((a, b) => a.release - b.release) });
  }

  #change(state: WantedState): void {
    const text = `${JSON.stringify(state)}\n`;
    if (text === `${JSON.stringify(this.#state)}\n`) return;
    writeWhole(this.#path, text, "durable");
    this.#state = state;
  }
}
