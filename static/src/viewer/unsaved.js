// A second net under the report: what is typed and not yet saved also stays in this tab's own storage, by
// study and reader, until it is saved. It outlives a reload; it goes when the tab is closed.

export class Unsaved {
  constructor(base, user) {
    this.key = `unsaved report ${base} ${user}`;
    // What an earlier load of the page left behind: never overwritten before the reader has decided.
    this.left = attempt(() => sessionStorage.getItem(this.key));
  }

  // Keep a text, or with null forget it.
  keep(text) {
    if (this.left !== null) return;
    if (text === null) attempt(() => sessionStorage.removeItem(this.key));
    else attempt(() => sessionStorage.setItem(this.key, text));
  }

  // The reader has decided, or the text turned out to be saved after all.
  settle() {
    this.left = null;
    this.keep(null);
  }
}

// A browser may refuse to store anything; then there is only the first net.
function attempt(task) {
  try {
    return task() ?? null;
  } catch {
    return null;
  }
}
