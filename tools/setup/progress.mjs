// What takes long says what it does, how far it is and since when: one moving line on a terminal, otherwise a line every few seconds.

const QUIET_MS = 5000;

/**
 * @param {string} what e.g. `Building kube-apiserver`
 * @returns {{ update(text: string): void, done(text?: string): void }}
 */
export function progress(what) {
  const out = process.stderr;
  const started = Date.now();
  let text = '';
  let printed = started;
  const line = () => `${what}${text === '' ? '' : `: ${text}`} (${seconds(started)})`;
  const show = () => {
    if (out.isTTY) out.write(`\r\x1b[K${line().slice(0, Math.max(20, (out.columns ?? 80) - 1))}`);
    else if (Date.now() - printed >= QUIET_MS) {
      printed = Date.now();
      out.write(`${line()}\n`);
    }
  };
  if (out.isTTY) show();
  else out.write(`${what} …\n`);
  const timer = setInterval(show, out.isTTY ? 200 : 1000);
  timer.unref();
  return {
    update(next) {
      text = next;
    },
    done(last = 'done') {
      clearInterval(timer);
      out.write(`${out.isTTY ? '\r\x1b[K' : ''}${what}: ${last} (${seconds(started)})\n`);
    },
  };
}

/** @param {string} text */
export function say(text) {
  process.stderr.write(`${text}\n`);
}

/** @param {number} since */
export function seconds(since) {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`;
}
