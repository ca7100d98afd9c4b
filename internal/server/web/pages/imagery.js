// The pictures on the ground: any number of layers over the base map that comes with CesiumJS.
//
// A layer is asked for as an entry: { dataset, of, style, opacity, shown, side }, where of is the dataset at the time that is wanted, if it is not the
// latest, and side is left or right of the divider of the split view, or nothing for both. Entries are told apart by identity, so an entry that changes keeps its tiles, unless its style or time does. Entries come lowest first.
import { layersOf } from './datasets.js';
import { withToken } from './token.js';

const BASE = 'cesium/Assets/Textures/NaturalEarthII';
const FEW = 4; // tiles of its first level that a layer may load at once, whatever the distance

/** pictureOf returns the layer of the dataset that an entry shows: that of its style, or the first. */
export function pictureOf({ dataset, of = dataset, style }) {
  return layersOf(of).find((layer) => layer.style === style) ?? layersOf(of)[0];
}

/** baseMap makes the lowest layer. */
export function baseMap(Cesium) {
  return Cesium.ImageryLayer.fromProviderAsync(Cesium.TileMapServiceImageryProvider.fromUrl(BASE));
}

/** Imagery keeps the layers of a Cesium.ImageryLayerCollection whose first is the base map. */
export class Imagery {
  constructor(Cesium, collection, report) {
    Object.assign(this, { Cesium, collection, report });
    this.made = new Map(); // entry -> { picture, layers }
  }

  /** setBase shows the base map or not. It stays the lowest layer, for CesiumJS stretches the rim of the lowest over the whole globe. */
  setBase(on) { this.collection.get(0).alpha = on ? 1 : 0; }

  /** show makes the globe have these entries and no others. */
  show(entries) {
    for (const [entry, { picture, layers }] of this.made) {
      if (entries.includes(entry) && picture === pictureOf(entry)) continue;
      for (const layer of layers) this.collection.remove(layer);
      this.made.delete(entry);
    }
    const wanted = entries.flatMap((entry) => this.layersOf(entry));
    if (wanted.some((layer, i) => this.collection.get(i + 1) !== layer)) {
      for (const layer of wanted) this.collection.raiseToTop(layer);
    }
  }

  /** layersOf returns the Cesium layers of an entry, made if need be, with its opacity. */
  layersOf(entry) {
    if (!this.made.has(entry)) this.made.set(entry, this.make(entry));
    const { layers } = this.made.get(entry);
    const { SplitDirection } = this.Cesium;
    const splitDirection = { left: SplitDirection.LEFT, right: SplitDirection.RIGHT }[entry.side] ?? SplitDirection.NONE;
    for (const layer of layers) Object.assign(layer, { alpha: entry.opacity, show: entry.shown, splitDirection });
    return layers;
  }

  make(entry) {
    const picture = pictureOf(entry);
    const layers = parts(picture.bounds).map((part) => this.collection.addImageryProvider(this.provider(entry.of ?? entry.dataset, picture, part)));
    return { picture, layers };
  }

  provider(dataset, picture, [w, s, e, n]) {
    const { Cesium } = this;
    const tilingScheme = picture.grid === 'mercator' ? new Cesium.WebMercatorTilingScheme() : new Cesium.GeographicTilingScheme();
    const rectangle = Cesium.Rectangle.intersection(Cesium.Rectangle.fromDegrees(w, s, e, n), tilingScheme.rectangle) ?? tilingScheme.rectangle;
    const [first, last] = picture.levels;
    const provider = new Cesium.UrlTemplateImageryProvider({
      url: withToken(picture.tiles), tilingScheme, rectangle, tileWidth: picture.tileSize, tileHeight: picture.tileSize,
      minimumLevel: tilesAcross(Cesium, tilingScheme, rectangle, first) <= FEW ? first : 0, maximumLevel: last,
      hasAlphaChannel: !picture.opaque, enablePickFeatures: false, credit: dataset.attribution ? escaped(dataset.attribution) : undefined,
    });
    provider.errorEvent.addEventListener(() => this.report(`Layer ${dataset.name}: a picture did not load.`));
    return provider;
  }
}

// parts cuts bounds that cross the antimeridian in two, since CesiumJS drops what is east of it.
function parts([w, s, e, n]) {
  if (e - w >= 360) return [[-180, s, 180, n]];
  return e > 180 ? [[w, s, 180, n], [-180, s, e - 360, n]] : [[w, s, e, n]];
}

function tilesAcross(Cesium, scheme, rectangle, level) {
  const from = scheme.positionToTileXY(Cesium.Rectangle.northwest(rectangle), level);
  const to = scheme.positionToTileXY(Cesium.Rectangle.southeast(rectangle), level);
  return (Math.abs(to.x - from.x) + 1) * (Math.abs(to.y - from.y) + 1);
}

// escaped makes plain text HTML, which is what CesiumJS takes credits for.
function escaped(text) {
  const p = document.createElement('p');
  p.textContent = text;
  return p.innerHTML;
}
