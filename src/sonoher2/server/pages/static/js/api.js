/** Calls to the server. An answer that is no success becomes an `ApiError` with the server's own sentence. */
import { t } from "./i18n.js";

export class ApiError extends Error {
  /** @param {number} status 0 where the server was not reached. @param {{code?: string, message?: string, where?: string, fix?: string}} facts */
  constructor(status, facts, findings = []) {
    super(facts.message || t("The server answered with an error ({status}).", { status }));
    this.status = status;
    this.code = facts.code || "";
    this.where = facts.where || "";
    this.fix = facts.fix || "";
    this.findings = findings;
  }

  /** The whole in sentences. */
  get text() {
    return sentences(this);
  }
}

const ended = (text) => (/[.!?。！？]$/.test(text) ? text : text + (/[\u4e00-\u9fff”）]$/.test(text) ? "。" : "."));

/**
 * What was refused, where, and what to do, in sentences.
 * A plain first word has a capital letter; the name of a file, a column or a value stays as it is.
 */
export function sentences({ where, message, fix }) {
  const text = [where, message].filter(Boolean).join(": ").replace(/^[a-z]+(?= )/, (word) => word[0].toUpperCase() + word.slice(1));
  return [text, fix].filter(Boolean).map(ended).join(" ");
}

let reader = "";

/** Say under which name this page reads: another window may choose another reader, and nothing may be kept under that name. */
export function readAs(name) { reader = name; }

/** The name under which this page reads; empty where it reads nothing. */
export const readsAs = () => reader;

/**
 * Call the server.
 * @param {string} method
 * @param {string} path Below /api/v1.
 * @param {{json?: unknown, body?: BodyInit, version?: number|string, signal?: AbortSignal, keepalive?: boolean}} [options] `version` is sent as If-Match.
 * @returns {Promise<any>} The JSON of the answer, null where there is none.
 */
export async function call(method, path, options = {}) {
  const headers = { Accept: "application/json" };
  if (options.json !== undefined) headers["Content-Type"] = "application/json";
  if (options.version !== undefined) headers["If-Match"] = `"${options.version}"`;
  if (reader && path.startsWith("/cohorts")) headers["X-Reader"] = encodeURIComponent(reader);
  const body = options.json === undefined ? options.body : JSON.stringify(options.json);
  let answer;
  try {
    answer = await fetch(`/api/v1${path}`, { method, headers, body, signal: options.signal, keepalive: options.keepalive, credentials: "same-origin" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, { code: "unreachable", message: t("The server cannot be reached.") });
  }
  const text = await answer.text();
  const found = text && (answer.headers.get("Content-Type") || "").includes("json") ? JSON.parse(text) : null;
  if (!answer.ok) throw new ApiError(answer.status, errorOf(found), found?.findings ?? found?.error?.findings ?? []);
  return found;
}

/** Fetch a file and hand it to the browser to keep; an error is told as that of any other call. @param {string} path Below /api/v1. */
export async function download(path) {
  let answer;
  try {
    answer = await fetch(`/api/v1${path}`, { headers: reader ? { "X-Reader": encodeURIComponent(reader) } : {}, credentials: "same-origin" });
  } catch {
    throw new ApiError(0, { code: "unreachable", message: t("The server cannot be reached.") });
  }
  if (!answer.ok) {
    const found = await answer.json().catch(() => null);
    throw new ApiError(answer.status, errorOf(found), found?.error?.findings ?? []);
  }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await answer.blob());
  link.download = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition") || "")?.[1] ?? "";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

function errorOf(found) {
  if (found?.error && typeof found.error === "object") return found.error;
  return typeof found?.detail === "string" ? { message: found.detail } : {};
}

export const get = (path, options) => call("GET", path, options);
export const post = (path, json, options = {}) => call("POST", path, { json, ...options });
export const patch = (path, json, version) => call("PATCH", path, { json, version });
export const remove = (path) => call("DELETE", path);

/**
 * Send a file; `fetch` cannot tell how far an upload is, so this is an older kind of request.
 * @param {string} path
 * @param {FormData} form
 * @param {(share: number) => void} progress
 */
export function upload(path, form, progress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `/api/v1${path}`);
    request.setRequestHeader("Accept", "application/json");
    request.upload.addEventListener("progress", (event) => event.lengthComputable && progress(event.loaded / event.total));
    request.addEventListener("error", () => reject(new ApiError(0, { code: "unreachable", message: t("The server cannot be reached.") })));
    request.addEventListener("load", () => {
      let found = null;
      try { found = JSON.parse(request.responseText); } catch { /* an answer that is no JSON has no more to say */ }
      if (request.status >= 200 && request.status < 300) resolve(found);
      else reject(new ApiError(request.status, errorOf(found)));
    });
    request.send(form);
  });
}
