// Tasks of a page's main thread, from the browser's own timeline.
const categories = ['toplevel', 'blink.user_timing', 'devtools.timeline', 'disabled-by-default-devtools.timeline'];

/** Starts recording. Returns what stops it and gives `timeline(from, to)`: between two performance marks, milliseconds in all, in tasks,
 * and in the longest task. */
export async function mainThread(browser, page) {
  await browser.startTracing(page, { categories });
  return async () => {
    const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
    const markOf = (name) => {
      const mark = traceEvents.find((event) => event.name === name && event.cat.includes('blink.user_timing'));
      if (!mark) throw new Error(`no mark '${name}' among ${traceEvents.length} events`);
      return mark;
    };
    return (from, to) => {
      const begin = markOf(from);
      const end = markOf(to);
      const isTask = ({ name, ph, pid, tid }) => name === 'RunTask' && ph === 'X' && pid === begin.pid && tid === begin.tid;
      const within = traceEvents.filter((event) => isTask(event) && event.ts + event.dur > begin.ts && event.ts < end.ts);
      const lengths = within.map(({ ts, dur }) => (Math.min(ts + dur, end.ts) - Math.max(ts, begin.ts)) / 1000);
      return {
        ms: (end.ts - begin.ts) / 1000,
        busyMs: lengths.reduce((sum, length) => sum + length, 0),
        longestMs: Math.max(0, ...lengths),
      };
    };
  };
}
