// Which origins has this page contacted? The browser keeps the account; this module reads it out.

/**
 * watchOrigins calls tell with a Map of origin -> number of requests, at once and whenever a request has ended. Pictures made in the page
 * (blob and data URLs) belong to the page's own origin or to none, and contact nobody.
 */
export function watchOrigins(tell) {
  const origins = new Map([[location.origin, 1]]);
  const take = (entries) => {
    for (const { name } of entries) {
      const { origin } = new URL(name, document.baseURI);
      if (origin !== 'null') origins.set(origin, (origins.get(origin) ?? 0) + 1);
    }
    tell(origins);
  };
  performance.setResourceTimingBufferSize(100_000);
  take(performance.getEntriesByType('resource'));
  new PerformanceObserver((list) => take(list.getEntries())).observe({ type: 'resource' });
}
