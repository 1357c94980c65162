// The review's JSON API: one POST at a time, each naming the version of the review that the page shows.

export class Refused extends Error {
  constructor(problem, status) {
    super(problem.message ?? problem.detail ?? 'The server did not accept this.');
    this.code = problem.error ?? '';
    this.missing = problem.missing ?? [];
    this.state = problem.state ?? null;
    this.status = status;
  }
}

export class Unreachable extends Error {
  constructor() {
    super('The server cannot be reached. What you wrote is still here; it is saved when the connection is back.');
  }
}

// Nobody, or somebody else, is logged in now. Nothing was written; the same write can go through later.
export class LoggedOut extends Error {
  constructor(own, now) {
    const why = now ? `In this browser ${now} is logged in now, and this page is ${own}'s.` : 'You are logged out.';
    super(`${why} Log in ${now ? `as ${own} ` : ''}in another tab; this tab then saves your text by itself.`);
  }
}

const SESSION = '/reader/session/';
const FORBIDDEN = 403;

async function request(url, options) {
  let answer;
  try {
    answer = await fetch(url, { credentials: 'same-origin', redirect: 'manual', ...options });
  } catch {
    throw new Unreachable();
  }
  // Whoever is not logged in is sent to the login page.
  if (answer.type === 'opaqueredirect') throw new Refused({}, FORBIDDEN);
  const body = await answer.json().catch(() => ({}));
  if (answer.ok) return body;
  if (answer.status >= 500) body.message = 'The server failed. Nothing was changed. Try again; if it happens again, tell an administrator.';
  throw new Refused(body, answer.status);
}

// Holds the state that the server last told, and tells its listeners of each new one.
export class Store {
  #chain = Promise.resolve();
  #listeners = [];

  constructor(base, state) {
    this.base = base;
    this.state = state;
    this.user = state.user;
    this.token = document.querySelector('[name=csrfmiddlewaretoken]').value;
    // The report's editor puts its save here: whatever else is written, the text goes first.
    this.beforeWrite = async () => {};
    this.writing = 0;
  }

  subscribe(listener) {
    this.#listeners.push(listener);
    listener(this.state);
  }

  accept(state) {
    this.state = state;
    for (const listener of this.#listeners) listener(state);
  }

  write(path, body = {}) {
    const run = async () => {
      this.writing += 1;
      try {
        await this.beforeWrite();
        return await this.send(path, body);
      } finally {
        this.writing -= 1;
      }
    };
    const done = this.#chain.then(run, run);
    this.#chain = done.catch(() => {});
    return done;
  }

  // Runs a task (the editor's save) in the same queue, so that no two writes carry the same version.
  queue(task) {
    const done = this.#chain.then(task, task);
    this.#chain = done.catch(() => {});
    return done;
  }

  async send(path, body) {
    try {
      const state = await this.#postAsMyself(path, body);
      this.accept(state);
      return state;
    } catch (error) {
      if (error instanceof Refused && error.state) this.accept(error.state);
      throw error;
    }
  }

  // The page is going away: a last try that nobody waits for.
  sendLast(path, body) {
    fetch(this.base + path, { ...this.#post(body), credentials: 'same-origin', keepalive: true }).catch(() => {});
  }

  #post(body) {
    return {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-CSRFToken': this.token },
      body: JSON.stringify({ review: this.state.review ?? 0, version: this.state.version ?? 0, ...body }),
    };
  }

  // A login in another tab changes the token: take the new one, but only from this page's own reader.
  async #postAsMyself(path, body) {
    try {
      return await request(this.base + path, this.#post(body));
    } catch (error) {
      if (error.status !== FORBIDDEN) throw error;
      const session = await request(SESSION, {}).catch((refused) => {
        if (refused.status === FORBIDDEN) return { user: null };
        throw refused;
      });
      if (session.user !== this.user) throw new LoggedOut(this.user, session.user);
      this.token = session.token;
      return request(this.base + path, this.#post(body));
    }
  }

  // Another tab, another reader or late images: look now and then, never in the middle of a write.
  async look() {
    if (this.writing || document.hidden) return;
    const before = this.state;
    const state = await request(`${this.base}state/`, {}).catch(() => null);
    if (state?.user !== this.user) return;
    if (!this.writing && this.state === before && JSON.stringify(state) !== JSON.stringify(before)) {
      this.accept(state);
    }
  }
}
