/** What went wrong with a request: the API's problem document (RFC 9457), or that there was no answer. */
export class Problem extends Error {
  constructor(
    /** HTTP status; 0: nothing answered. */
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    /** By which the log has it. */
    readonly requestId?: string,
  ) {
    super(detail || title);
    this.name = "Problem";
  }

  /** Reads a problem document; of any other body it says so. */
  static async of(response: Response): Promise<Problem> {
    const requestId = response.headers.get("x-request-id") ?? undefined;
    const body = (await response.json().catch(() => ({}))) as { title?: string; detail?: string };
    return new Problem(response.status, body.title ?? `The server answered with ${response.status}`, body.detail ?? "", requestId);
  }

  /** Whatever was thrown, as a problem. */
  static from(error: unknown): Problem {
    if (error instanceof Problem) return error;
    const detail = "Look whether you are connected, and whether the server is up. Nothing was lost; try again.";
    return new Problem(0, "The server doesn't answer", error instanceof TypeError ? detail : String(error));
  }
}

/** Whether a request was given up by this page. */
export const isAbort = (error: unknown) => error instanceof DOMException && error.name === "AbortError";
