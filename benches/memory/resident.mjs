/** Resident memory of processes, of /proc. */

import { readFileSync, readdirSync } from "node:fs";

/** The child of this process that runs a program. @param {string} program @returns {number | undefined} its process id */
export function childNamed(program) {
  const isIt = (pid) => {
    const status = readStatus(pid);
    return status?.Name === program && Number(status.PPid) === process.pid;
  };
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number).find(isIt);
}

/** @param {number} pid @returns {number | undefined} undefined once it's gone. */
export function residentBytes(pid) {
  const [kib] = readStatus(pid)?.VmRSS?.split(" ") ?? [];
  return kib && Number(kib) * 1024;
}

/** The fields of /proc/PID/status; undefined once it's gone. */
function readStatus(pid) {
  try {
    const lines = readFileSync(`/proc/${pid}/status`, "utf8").split("\n");
    return Object.fromEntries(lines.map((line) => line.split(/:\s*/, 2)));
  } catch {
    return undefined;
  }
}
