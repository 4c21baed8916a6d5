// The frame of a page that measures: work comes in the URL's query, and what it made goes back to the server, an error too.
const query = new URLSearchParams(location.search);

/// measure({model, threads, prompt, new, build}) answers with the figures of one round.
export async function report(measure) {
  const work = Object.fromEntries([...query].map(([key, word]) => [key, /^\d+$/.test(word) ? Number(word) : word]));
  let result;
  try {
    if (!crossOriginIsolated) throw new Error('the page is not cross-origin isolated: no threads');
    result = await measure(work);
  } catch (error) {
    result = {error: String(error?.stack ?? error)};
  }
  await fetch(query.get('result'), {method: 'POST', body: JSON.stringify(result)});
}

// What a worker throws reaches no promise.
addEventListener('error', (event) => report(() => Promise.reject(event.error ?? event.message)));
addEventListener('unhandledrejection', (event) => report(() => Promise.reject(event.reason)));
