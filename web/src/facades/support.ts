/** What the facades share: they translate shapes, and nothing else. */

/** The fields that hold something: `null` and `undefined` mean "not given" in the shapes that are translated. */
export function given<T extends object>(fields: T): { [K in keyof T]?: NonNullable<T[K]> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: NonNullable<T[K]> };
}

/** A stream that asks for nothing before it is read. `cancel` must end what the iterator waits for: `return()` comes too late. */
export function toReadable<T>(source: AsyncIterable<T>, cancel: () => void): ReadableStream<T> {
  const iterator = source[Symbol.asyncIterator]();
  return new ReadableStream<T>(
    {
      async pull(controller) {
        const { done, value } = await iterator.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel,
    },
    { highWaterMark: 0 },
  );
}
