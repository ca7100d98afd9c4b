// The ellipsoid of WGS 84: from degrees and metres to the Earth's own axes and back, and what a tile's header promises in those.

const [A, B] = [6378137, 6356752.314245179]; // half axes, metres
const E2 = 1 - (B * B) / (A * A);
const radians = (degrees) => degrees * Math.PI / 180;
const degrees = (angle) => angle * 180 / Math.PI;

/** cartesian returns [x, y, z], metres, of a place in degrees and metres above the ellipsoid. */
export function cartesian(lon, lat, height) {
  const [l, p] = [radians(lon), radians(lat)];
  const n = A / Math.sqrt(1 - E2 * Math.sin(p) ** 2);
  return [(n + height) * Math.cos(p) * Math.cos(l), (n + height) * Math.cos(p) * Math.sin(l), (n * (1 - E2) + height) * Math.sin(p)];
}

/** placeOf returns { lon, lat, height } of a point, by the iteration of Bowring (1976); four rounds are exact to a micrometre. */
export function placeOf([x, y, z]) {
  const p = Math.hypot(x, y);
  let lat = Math.atan2(z, p * (1 - E2));
  for (let i = 0; i < 4; i++) {
    const n = A / Math.sqrt(1 - E2 * Math.sin(lat) ** 2);
    lat = Math.atan2(z + E2 * n * Math.sin(lat), p);
  }
  const n = A / Math.sqrt(1 - E2 * Math.sin(lat) ** 2);
  const height = Math.abs(lat) < 1 ? p / Math.cos(lat) - n : z / Math.sin(lat) - n * (1 - E2);
  return { lon: degrees(Math.atan2(y, x)), lat: degrees(lat), height };
}

/** localOf turns a vector in the Earth's axes into [east, north, up] at a place. */
export function localOf([x, y, z], lon, lat) {
  const [sl, cl, sp, cp] = [Math.sin(radians(lon)), Math.cos(radians(lon)), Math.sin(radians(lat)), Math.cos(radians(lat))];
  return [-sl * x + cl * y, -sp * cl * x - sp * sl * y + cp * z, cp * cl * x + cp * sl * y + sp * z];
}

/** distance between two points, metres. */
export const distance = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

/**
 * horizonNeeded returns how far from the centre, in units of the ellipsoid, a horizon point in a direction has to be so that whoever does not see it sees none
 * of the points (Ohlarik and Cozzi, "Horizon Culling", 2013). Not finite where no point would do.
 */
export function horizonNeeded(points, [x, y, z]) {
  const length = Math.hypot(x, y, z);
  const way = [x / length, y / length, z / length];
  return points.reduce((most, point) => {
    const scaled = [point[0] / A, point[1] / A, point[2] / B];
    const far = Math.hypot(...scaled);
    const cosine = Math.min(1, (scaled[0] * way[0] + scaled[1] * way[1] + scaled[2] * way[2]) / far);
    const out = Math.max(1, far); // what lies below the ellipsoid counts as on it
    const needed = 1 / (cosine / out - Math.sqrt(1 - cosine * cosine) * Math.sqrt(out * out - 1) / out);
    return needed > 0 ? Math.max(most, needed) : Infinity;
  }, 0);
}
