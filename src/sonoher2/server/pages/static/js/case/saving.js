/**
 * Saving without a button: what changes is sent a moment later, one request after the other, each with the version that it changes.
 * What could not be sent is kept and tried again. Where somebody else changed the case, the person at the page decides.
 */
import { call, ApiError } from "../api.js";
import { debounced } from "../dom.js";

const WAIT = 500;
const AGAIN = 3000;
/** Answers that say nothing about what was sent: no server, no session, too slow, too much at a time. */
const PASSING = [0, 401, 403, 408, 429];
/** Another window reads under another name; what was drawn waits for its own reader. */
const OTHER_READER = "other_reader";

/** @typedef {"saved"|"waiting"|"saving"|"offline"|"conflict"|"refused"} SaveState */

export class Saver {
  /**
   * @param {any} record The case.
   * @param {{onState: (state: SaveState, error?: ApiError) => void, onRecord: (record: any) => void, onConflict: (latest: any) => void}} calls
   */
  constructor(record, calls) {
    this.record = record;
    this.calls = calls;
    this.fields = {};
    this.mask = null;
    this.running = 0; // how often `flush` was called and has not settled
    this.turn = Promise.resolve(); // the last of what is under way, one after the other
    this.held = false; // in conflict
    this.soon = debounced(() => this.flush().catch(() => {}), WAIT);
    this.sending = {}; // what is under way
    this.failed = false;
    addEventListener("pagehide", () => this.#last());
    addEventListener("beforeunload", (event) => { if (this.waits && (this.held || this.failed)) event.preventDefault(); });
    addEventListener("online", () => this.soon());
  }

  get path() { return `/cases/${this.record.id}`; }
  /** Under which name this tab keeps what it could not send. */
  get key() { return this.path; }
  get waits() { return this.mask !== null || Object.keys(this.fields).length > 0; }

  /** Change fields of the case. */
  set(fields) { Object.assign(this.fields, fields); this.#wait(); }

  /** A field as this page has it, sent or not. */
  now(name) {
    const own = [this.fields, this.sending.fields].find((fields) => fields && name in fields);
    return (own ?? this.record)[name];
  }

  /** Change the outline. @param {{rows: number, columns: number, runs: number[]}} mask */
  setMask(mask) { this.mask = mask; this.#wait(); }

  #wait() {
    if (this.held) return;
    this.calls.onState("waiting");
    this.soon();
  }

  /** Send all that waits, after what is under way. @returns {Promise<void>} Settles when it is stored; fails when it cannot be. */
  flush() {
    this.running += 1;
    return this.#queued(() => this.#send()).finally(() => { this.running -= 1; });
  }

  /** Each step changes the version that the one before it made. */
  #queued(step) {
    const turn = this.turn.then(step);
    this.turn = turn.catch(() => {});
    return turn;
  }

  async #send() {
    while (this.waits) {
      if (this.held) throw new ApiError(412, { code: "conflict" });
      this.calls.onState("saving");
      await this.#one();
    }
    this.failed = false;
    this.calls.onState("saved");
  }

  async #one() {
    const sent = this.mask ? { mask: this.mask } : { fields: this.fields };
    if (sent.mask) this.mask = null;
    else this.fields = {};
    this.sending = sent;
    try {
      const record = await this.#request(sent);
      this.sending = {};
      this.#took(record);
    } catch (error) {
      this.sending = {};
      await this.#failed(sent, error);
      throw error;
    }
  }

  #request({ mask, fields }, more = {}) {
    const { version } = this.record;
    return mask ? call("PUT", `${this.path}/mask`, { json: mask, version, ...more }) : call("PATCH", this.path, { json: fields, version, ...more });
  }

  #took(record) {
    this.record = record;
    this.calls.onRecord(record);
  }

  /** Nothing is lost: what was sent waits again, below what came since. */
  #back({ mask, fields }) {
    this.mask ??= mask ?? null;
    this.fields = { ...fields, ...this.fields };
  }

  async #failed(sent, error) {
    if (error.status === 412) {
      this.#back(sent);
      this.held = true;
      this.calls.onState("conflict", error);
      this.calls.onConflict(await call("GET", this.path));
    } else if (PASSING.includes(error.status) || error.status >= 500) {
      this.#back(sent);
      this.failed = true;
      this.calls.onState("offline", error);
      setTimeout(() => this.soon(), AGAIN);
    } else if (error.code === OTHER_READER) {
      this.#back(sent);
      this.failed = true;
      this.calls.onState("refused", error);
      setTimeout(() => this.soon(), AGAIN);
    } else this.calls.onState("refused", error);
  }

  /** After a conflict: keep what this page has, on top of the latest version. An outline stays with the frame that it was drawn on. */
  async keepMine(latest) {
    this.held = false;
    const { frame } = this.record;
    const moved = this.mask && latest.frame !== frame;
    this.record = moved ? await call("PATCH", this.path, { json: { frame }, version: latest.version }) : latest;
    await this.flush();
  }

  /** After a conflict: let go of what this page has. */
  takeTheirs(latest) {
    this.held = false;
    this.fields = {};
    this.mask = null;
    this.#took(latest);
    this.calls.onState("saved");
  }

  /**
   * Run a change of the case by the server itself, after all that waits or is under way.
   * @param {() => Promise<any>} work Gives the case. @param {(record: any) => unknown} then What belongs to the change, before the next one.
   */
  through(work, then = () => {}) {
    return this.#queued(async () => {
      await this.#send();
      const record = await work();
      this.#took(record);
      await then(record);
      return record;
    });
  }

  /** The page goes away: what is not stored is kept in this tab for when it opens again, and sent if nothing else is under way. */
  #last() {
    const mask = this.mask ?? this.sending.mask ?? null;
    const fields = { ...this.sending.fields, ...this.fields };
    if (!mask && !Object.keys(fields).length) return;
    sessionStorage.setItem(this.key, JSON.stringify({ version: this.record.version, mask, fields, sending: this.sending }));
    if (!this.held && !this.running) this.#request({ mask: this.mask, fields: this.fields }, { keepalive: true }).catch(() => {});
  }

  /** What this tab could not send before it was closed or loaded again; null for nothing. It is given once. */
  left() {
    const text = sessionStorage.getItem(this.key);
    sessionStorage.removeItem(this.key);
    return text ? JSON.parse(text) : null;
  }

  /**
   * Send what was left as a change of the version that it was made to: what others changed since is a conflict as any other.
   * @param {{version: number}} left @param {boolean} arrived Whether the record holds a part of it already, sent as the page went.
   */
  goOnFrom(left, arrived) {
    const own = left.version + (arrived ? 1 : 0);
    if (this.record.version > own) this.record = { ...this.record, version: own };
  }
}
