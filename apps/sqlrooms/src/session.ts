/**
 * Who is signed in. The token is in memory; for a reload of the tab it's kept encrypted: the text in `sessionStorage`, which ends with the
 * tab, and the key in IndexedDB as a `CryptoKey` that no script can read out. Signing out removes both.
 */

const STORED = "living-schema-session";
const DATABASE = "living-schema";
const KEYS = "keys";

function request<T>(asked: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

async function keys(mode: IDBTransactionMode): Promise<IDBObjectStore> {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(KEYS);
  return (await request(opening)).transaction(KEYS, mode).objectStore(KEYS);
}

const toText = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes));
const toBytes = (text: string) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

/** Keeps a token for reloads of this tab. Where the browser has no place for it, it's kept in memory only. */
export async function keepToken(token: string): Promise<void> {
  try {
    const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, new TextEncoder().encode(token));
    const id = crypto.randomUUID();
    await request((await keys("readwrite")).put(key, id));
    sessionStorage.setItem(STORED, JSON.stringify({ id, iv: toText(iv), sealed: toText(new Uint8Array(sealed)) }));
  } catch {
    sessionStorage.removeItem(STORED);
  }
}

/** The token that this tab had before it was reloaded. */
export async function keptToken(): Promise<string | undefined> {
  const stored = sessionStorage.getItem(STORED);
  if (!stored) return undefined;
  try {
    const { id, iv, sealed } = JSON.parse(stored) as { id: string; iv: string; sealed: string };
    const key = (await request((await keys("readonly")).get(id))) as CryptoKey;
    return new TextDecoder().decode(await crypto.subtle.decrypt({ name: "AES-GCM", iv: toBytes(iv) }, key, toBytes(sealed)));
  } catch {
    return undefined;
  }
}

/** Forgets the token. */
export async function forgetToken(): Promise<void> {
  const stored = sessionStorage.getItem(STORED);
  sessionStorage.removeItem(STORED);
  if (!stored) return;
  try {
    await request((await keys("readwrite")).delete((JSON.parse(stored) as { id: string }).id));
  } catch {
    // Without its text the key opens nothing.
  }
}
