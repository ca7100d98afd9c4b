// Package doctor asks anybody's server of terrain or pictures for what CesiumJS would ask it for, and says what is wrong, what
// the user of an app will see of it, and what to change.
//
// [Examine] takes any address that an app is given: of terrain where layer.json lies, of pictures a tilemapresource.xml, a
// TileJSON, an XYZ template, a WMS or a WMTS; an asset's endpoint as Cesium ion has them; or the root of a server of this
// program, all of whose datasets it looks at. It asks as a browser on a page of another origin does, with CesiumJS's Accept
// headers, and once without gzip. It reads a few tiles, the same ones each time: the roots, the way down to the deepest tile
// in the middle of the data, that tile's neighbours, the corners of what is said to be available, and tiles just outside it.
//
// # Rules
//
// What is looked for stands in one table, [Rules]: the name of the check, how bad it is, what a user sees, what to change. A
// rule that was looked at and holds is reported as OK. Broken ones are reported once each, with how often and where first.
// Most are facts measured with CesiumJS 1.145 and 1.48 in a browser; where the two differ, [Options].Client says whose eyes to
// look with.
//
//	fault    something is not drawn, or is drawn wrong
//	warning  it is drawn, but costs time, or another client or another page will fail
//	note     worth knowing
//
// # What it does not do
//
// It opens connections to the host that was named and to no other: where a document or a redirect leads elsewhere, it says so
// and does not go there. It follows no proxy settings. It cannot know whether heights are above the ellipsoid or above the
// sea, 30-50 m apart in most places. It sees a fault of a few tiles only if it samples one of them; the verify command reads
// all.
package doctor
